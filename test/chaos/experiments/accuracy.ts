import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@switchyard/contract';
import { Books, doubles, sumsOf } from '../books.js';
import type { Row } from '../books.js';
import { load } from '../client.js';
import type { Ask, Reply } from '../client.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { settledRows } from './settled-rows.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { replay } from './bucket-check.js';
import type { Charge } from './bucket-check.js';

const GATEWAYS = 4;
const CONNECTIONS = 32;
const TENANT = 'accuracy';
const MINUTE_MS = 60_000;
/** Share of a limit that must be usable. */
const USABLE = 0.98;
/** What a client waits after a refusal: long enough to leave the processor to those that are served. */
const PATIENCE_MS = 25;

const WIDE = {
  requests_per_minute: 1_000_000,
  input_tokens_per_minute: 1_000_000_000,
  output_tokens_per_minute: 1_000_000_000,
};
const PLENTY = { total: 1_000 };

/** A key whose one limit binds, while the others are there and wide. */
interface Binding {
  readonly id: string;
  readonly limits: JsonObject;
  readonly model: string;
  readonly padding: number;
}

const REQUESTS_PER_MINUTE = 600;
const INPUT_PER_MINUTE = 100_000;
const OUTPUT_PER_MINUTE = 50_000;
const SLOTS = 20;
const BUDGET_NANO_USD = 30_000_000;

const REQUESTS: Binding = {
  id: 'requests',
  limits: { ...WIDE, concurrency: 1_000, budget_usd: PLENTY, requests_per_minute: REQUESTS_PER_MINUTE },
  model: MODELS.quick,
  padding: 0,
};
const INPUT: Binding = {
  id: 'input',
  limits: { ...WIDE, concurrency: 1_000, budget_usd: PLENTY, input_tokens_per_minute: INPUT_PER_MINUTE },
  model: MODELS.quick,
  padding: 2_000,
};
const OUTPUT: Binding = {
  id: 'output',
  limits: { ...WIDE, concurrency: 1_000, budget_usd: PLENTY, output_tokens_per_minute: OUTPUT_PER_MINUTE },
  model: MODELS.quick,
  padding: 0,
};
const CONCURRENCY: Binding = {
  id: 'concurrency',
  limits: { ...WIDE, concurrency: SLOTS, budget_usd: PLENTY },
  model: MODELS.late,
  padding: 0,
};
const BUDGET: Binding = {
  id: 'budget',
  limits: { ...WIDE, concurrency: 1_000, budget_usd: { total: BUDGET_NANO_USD / 1e9 } },
  model: MODELS.quick,
  padding: 0,
};
const BINDINGS = [REQUESTS, INPUT, OUTPUT, CONCURRENCY, BUDGET];

interface Run {
  readonly verdict: Verdict;
  readonly binding: Binding;
  /** Moment of the first request, Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly rows: readonly Row[];
  readonly replies: readonly Reply[];
  readonly mostInFlight: number;
  readonly redis: RedisState;
}

/** Four gateways on one Redis: each limit in turn is the one that binds. It is never passed, and can be used up. */
export async function accuracy({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const seconds = isQuick ? 8 : 60;
  const keys = BINDINGS.map(({ id, limits }) => ({ id, tenant: TENANT, key: secretOf(id), limits }));
  const deployment = await Deployment.start({
    ...{ program, gateways: GATEWAYS, workers: 1, redis: [], postgres: true },
    config: { tenants: [{ id: TENANT }], keys },
  });
  const redis = new RedisState(deployment.redis.url);
  const books = Books.of(deployment);
  const verdicts: Verdict[] = [];
  try {
    for (const binding of BINDINGS) {
      const verdict = new Verdict(`accuracy of ${binding.id}`);
      verdicts.push(verdict);
      const run = await runLoad(deployment, binding, seconds);
      const rows = await settledRows({ books, redis, tenant: TENANT, keyId: binding.id });
      await judge({ ...run, verdict, binding, rows, redis });
    }
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return verdicts;
}

function secretOf(id: string): string {
  return `sk-accuracy-${id}-0123456789`;
}

async function runLoad(
  deployment: Deployment,
  { id, model, padding }: Binding,
  seconds: number,
): Promise<Pick<Run, 'startMs' | 'endMs' | 'replies' | 'mostInFlight'>> {
  await deployment.upstream.take();
  const replies: Reply[] = [];
  const startMs = Date.now();
  const endMs = startMs + seconds * 1_000;
  let sent = 0;
  let isSpent = false;
  const next = (): Ask | null => {
    if (Date.now() >= endMs || isSpent) return null;
    sent += 1;
    const { url } = deployment.gatewayAt(sent);
    return { url, secret: secretOf(id), tag: `${id}-${sent}`, model, padding, maxTokens: 200 };
  };
  await load(CONNECTIONS, next, async (reply) => {
    replies.push(reply);
    if (reply.errorCode === 'insufficient_quota') isSpent = true;
    if (reply.status !== 200) await pause(PATIENCE_MS);
  });
  const { mostInFlight } = await deployment.upstream.look();
  return { startMs, endMs, replies, mostInFlight };
}

async function judge(run: Run): Promise<void> {
  const { verdict, replies, rows, binding, redis } = run;
  const refused = replies.filter(({ status }) => status === 429);
  verdict.figure('seconds', rounded((run.endMs - run.startMs) / 1_000));
  verdict.figure('served', rows.length);
  verdict.figure('refused', refused.length);
  verdict.same('other_answers', otherAnswers(replies), '{}');
  verdict.same('double_records', doubles(rows).length, 0);
  verdict.expect('nobody was refused, so the limit did not bind', refused.length > 0);
  if (binding === CONCURRENCY) judgeSlots(run);
  else if (binding === BUDGET) judgeBudget(run);
  else await judgeBucket(run);
  await judgeRefusals({ verdict, binding, rows, redis });
}

/** In no stretch of time more than `limit * t / 60 + limit`; over the whole of the run, almost that much. */
async function judgeBucket({ verdict, binding, rows, startMs, endMs, redis }: Run): Promise<void> {
  const [dimension, limit, costOf] = bucketOf(binding);
  const charges: Charge[] = rows.map((row) => ({ atMs: row.createdAtMs, cost: costOf(row) }));
  const used = charges.reduce((sum, { cost }) => sum + cost, 0);
  const check = replay(charges, limit);
  const stored = await redis.bucket(TENANT, `key:${binding.id}`, dimension);
  // Until the last moment at which something could be admitted, by the clock of Redis, which is this machine's.
  const usable = (limit * (endMs - startMs)) / MINUTE_MS + limit;
  verdict.figure('used', used);
  verdict.figure('bound', rounded(usable));
  verdict.figure('used_share', rounded(used / usable, 4));
  verdict.figure('lowest_level', rounded(check.lowest, 3));
  verdict.expect('the bucket was overdrawn', check.lowest >= 0);
  verdict.expect('less than 98 % of the limit could be used', used >= USABLE * usable);
  // Whatever was refused, reserved or given back left no trace: the level is that of an ideal bucket, to a sixty-thousandth.
  verdict.same('level_off_by', (stored?.level ?? 0) - check.levelAt(stored?.atMs ?? 0), 0);
}

function bucketOf({ id }: Binding): readonly [dimension: string, limit: number, cost: (row: Row) => number] {
  if (id === REQUESTS.id) return ['requests', REQUESTS_PER_MINUTE, () => 1];
  if (id === INPUT.id) return ['input_tokens', INPUT_PER_MINUTE, (row) => row.inputTokens];
  return ['output_tokens', OUTPUT_PER_MINUTE, (row) => row.outputTokens];
}

function judgeSlots({ verdict, mostInFlight, rows, startMs, endMs }: Run): void {
  const busyMs = rows.reduce((sum, { latencyMs }) => sum + latencyMs, 0);
  verdict.figure('bound', SLOTS);
  verdict.figure('most_in_flight_upstream', mostInFlight);
  verdict.figure('mean_in_flight', rounded(busyMs / (endMs - startMs), 2));
  verdict.expect('more requests ran at once than there are slots', mostInFlight <= SLOTS);
  verdict.expect('less than 98 % of the slots could be used', mostInFlight >= USABLE * SLOTS);
}

function judgeBudget({ verdict, rows, replies }: Run): void {
  const { costNanoUsd } = sumsOf(rows);
  verdict.figure('bound_nano_usd', BUDGET_NANO_USD);
  verdict.figure('spent_nano_usd', costNanoUsd);
  verdict.figure('used_share', rounded(costNanoUsd / BUDGET_NANO_USD, 4));
  verdict.expect('the budget was overspent', costNanoUsd <= BUDGET_NANO_USD);
  verdict.expect('less than 98 % of the budget could be used', costNanoUsd >= USABLE * BUDGET_NANO_USD);
  verdict.expect(
    'the budget was not used up',
    replies.some(({ errorCode }) => errorCode === 'insufficient_quota'),
  );
}

/** What was refused by one limit took nothing of any other. */
async function judgeRefusals({
  verdict,
  binding,
  rows,
  redis,
}: Pick<Run, 'verdict' | 'binding' | 'rows' | 'redis'>): Promise<void> {
  const owner = `key:${binding.id}`;
  const budget = await redis.budget(TENANT, owner);
  verdict.same('settled_nano_usd', budget.charged, sumsOf(rows).costNanoUsd);
  verdict.same('held_nano_usd', budget.held, 0);
  verdict.same('slots_taken', (await redis.slots(TENANT, owner)).length, 0);
  const requests = await redis.bucket(TENANT, owner, 'requests');
  const limit = binding === REQUESTS ? REQUESTS_PER_MINUTE : WIDE.requests_per_minute;
  const ideal = replay(
    rows.map(({ createdAtMs }) => ({ atMs: createdAtMs, cost: 1 })),
    limit,
  );
  verdict.same('requests_off_by', (requests?.level ?? 0) - ideal.levelAt(requests?.atMs ?? 0), 0);
}
