/**
 * `node --import ./test/testing/from-source.mjs test/bench/ledger.ts [rows] [rows a batch]`: how fast the ledger takes
 * realistic usage records into a PostgreSQL of its own, four batches at once, and how many bytes a request takes there
 * without its indexes. Prints one line of JSON; `rows_per_second` is the median of the rounds.
 */
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { ZERO_USAGE } from '@switchyard/contract';
import { Database } from '@switchyard/database';
import { Ledger } from '@switchyard/metering';
import type { UsageRecord } from '@switchyard/metering';
import { sql } from 'kysely';
import { startPostgres } from '../testing/postgres.js';

const ROUNDS = 5;
const WRITERS = 4;
const TENANTS = 20;
const KEYS_A_TENANT = 10;
/** One in so many needed a second attempt. */
const FALLBACK_EVERY = 20;
const PLACES = [
  ['anthropic/claude-opus-4.8', 'anthropic', 'anthropic', 'msg_01XFDUDYJgAACzvnptvVoYEL'],
  ['openai/gpt-5.5', 'openai', 'openai', 'chatcmpl-CvXcMJn0cT1b4wRkHgqVZ2yUeLdKs'],
  ['deepseek/deepseek-v4', 'deepinfra', 'deepinfra/turbo', 'chatcmpl-0a9d7c3be81f4f0f9a1f6a2f0f3b5c77'],
  ['meta-llama/llama-4-maverick', 'together', 'together', 'oQ3kW7c-4Yz6k-9d2f1c0b7e5a4d83'],
] as const;

const [rows = 100_000, batchSize = 500] = process.argv.slice(2).map(Number);

function usageRecord(number: number, startMs: number): UsageRecord {
  const [model, provider, endpoint, upstreamId] = PLACES[number % PLACES.length] ?? PLACES[0];
  const tenant = number % TENANTS;
  const served = { model, provider, endpoint, status: 200, errorClass: null, latencyMs: 2_310.4 };
  const failed = { ...served, endpoint: `${endpoint}/spare`, status: 529, errorClass: 'overloaded', latencyMs: 120.2 };
  return {
    id: randomBytes(16).toString('hex'),
    createdAtMs: startMs + number * 5,
    tenant: `tenant-${tenant}`,
    keyId: `key_${tenant}_${Math.floor(number / TENANTS) % KEYS_A_TENANT}`,
    protocol: number % 2 === 0 ? 'messages' : 'chat',
    model,
    provider,
    endpoint,
    status: 'completed',
    streamed: number % 3 !== 0,
    finishReason: number % 4 === 0 ? 'tool_calls' : 'stop',
    errorCode: null,
    usage: { ...ZERO_USAGE, uncachedInput: 1_834, cacheRead: 12_288, cacheWrite5m: 512, output: 421, reasoning: 96 },
    usageSource: 'upstream',
    images: 0,
    costNanoUsd: 31_482_500,
    costInputNanoUsd: 18_557_500,
    byokCostNanoUsd: null,
    costIncomplete: false,
    latencyMs: 2_345.6,
    firstTokenMs: number % 3 === 0 ? null : 412.7,
    upstreamId,
    priceVersion: 'cat_0123456789abcdef',
    attempts: number % FALLBACK_EVERY === 0 ? [failed, served] : [served],
  };
}

/** Milliseconds for all rows, from records in memory to the last commit. */
async function insertAll(ledger: Ledger, startMs: number): Promise<number> {
  const records = Array.from({ length: rows }, (_, number) => usageRecord(number, startMs));
  let next = 0;
  const write = async (): Promise<void> => {
    while (next < records.length) {
      const batch = records.slice(next, (next += batchSize));
      await ledger.insert(batch);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: WRITERS }, write));
  return performance.now() - startedMs;
}

async function bytesARow(database: Database): Promise<number> {
  const answer = await sql<{ size: number }>`select pg_relation_size('requests') as size`.execute(database.kysely);
  const { count } = await database.kysely
    .selectFrom('requests')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Math.round(((answer.rows[0]?.size ?? 0) / count) * 10) / 10;
}

const postgres = await startPostgres();
const database = Database.open({ url: await postgres.createDatabase(), file: '', maxConnections: WRITERS });
try {
  await database.migrate();
  const ledger = new Ledger(database);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const elapsedMs = await insertAll(ledger, Date.UTC(2026, 0, 1 + round));
    rates.push(Math.round((rows / elapsedMs) * 1_000));
  }
  const sorted = rates.toSorted((a, b) => a - b);
  const figures = {
    rows_per_second: sorted[Math.floor(ROUNDS / 2)],
    rounds: rates,
    batch: batchSize,
    bytes_per_row: await bytesARow(database),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await database.close();
  await postgres.stop();
}
