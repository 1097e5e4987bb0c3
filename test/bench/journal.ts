/**
 * What the journal takes: `node --import ./test/testing/from-source.mjs test/bench/journal.ts [folder]`
 * prints one line of JSON, for each durability and number of writers that wait for their entries, in a folder of the disk
 * to measure (default: that of temporary files).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZERO_USAGE } from '@switchyard/contract';
import { Journal } from '@switchyard/metering';
import type { JournalOptions, UsageRecord } from '@switchyard/metering';

const WRITERS = [1, 16, 128];
const DURABILITIES = ['process', 'disk'] as const;
const WARM_UP_MS = 500;
const MEASURED_MS = 3_000;

interface Figures {
  readonly entriesPerSecond: number;
  /** Processor time of this whole process, in microseconds. */
  readonly cpuUsPerEntry: number;
  /** From handing an entry over to being told that it is safe, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const PLACE = { model: 'acme/m1', provider: 'deepinfra', endpoint: 'deepinfra/turbo' };

function recordOf(number: number): UsageRecord {
  return {
    ...PLACE,
    id: number.toString(16).padStart(32, '0'),
    createdAtMs: 1_772_366_400_000,
    tenant: 'acme',
    keyId: 'ci',
    protocol: 'messages',
    status: 'completed',
    streamed: true,
    finishReason: 'stop',
    errorCode: null,
    usage: { ...ZERO_USAGE, uncachedInput: 1_200, cacheRead: 300, output: 80 },
    usageSource: 'upstream',
    images: 0,
    costNanoUsd: 7_500_000,
    costInputNanoUsd: 5_000_000,
    byokCostNanoUsd: null,
    costIncomplete: false,
    latencyMs: 812.5,
    firstTokenMs: 95.3,
    upstreamId: 'msg_01ABCDEFGHIJKLMNOP',
    priceVersion: 'cat_0123456789abcdef',
    attempts: [{ ...PLACE, status: 200, errorClass: null, latencyMs: 810.1 }],
  };
}

async function measure(directory: string, durability: JournalOptions['durability'], writers: number): Promise<Figures> {
  const journal = Journal.open({
    directory,
    durability,
    onFault: (error) => {
      throw error;
    },
  });
  const startedAtMs = performance.now();
  let waitsMs: number[] = [];
  let number = 0;
  const safe = (hand: (written: (error: Error | null) => void) => void): Promise<void> => {
    const handedAtMs = performance.now();
    return new Promise((resolve, reject) => {
      hand((error) => {
        waitsMs.push(performance.now() - handedAtMs);
        if (error === null) resolve();
        else reject(error);
      });
    });
  };
  const write = async (): Promise<void> => {
    while (performance.now() - startedAtMs < WARM_UP_MS + MEASURED_MS) {
      const record = recordOf(number++);
      await safe((written) => {
        journal.begin(record, written);
      });
      await safe((written) => {
        journal.finish(record, written);
      });
    }
  };
  let cpu = process.cpuUsage();
  setTimeout(() => {
    waitsMs = [];
    cpu = process.cpuUsage();
  }, WARM_UP_MS);
  await Promise.all(Array.from({ length: writers }, write));
  const used = process.cpuUsage(cpu);
  await journal.close();
  return figuresOf(waitsMs, used.user + used.system);
}

function figuresOf(waitsMs: readonly number[], cpuUs: number): Figures {
  const sorted = waitsMs.toSorted((left, right) => left - right);
  const at = (share: number): number => rounded(sorted[Math.floor(sorted.length * share)] ?? 0);
  return {
    entriesPerSecond: Math.round((sorted.length / MEASURED_MS) * 1_000),
    cpuUsPerEntry: rounded(cpuUs / sorted.length),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'switchyard-journal-'));
const report: Record<string, Record<number, Figures>> = {};
for (const durability of DURABILITIES) {
  const figures: Record<number, Figures> = {};
  for (const writers of WRITERS) {
    const directory = join(folder, `${durability}-${writers}`);
    figures[writers] = await measure(directory, durability, writers);
    rmSync(directory, { recursive: true });
  }
  report[durability] = figures;
}
rmSync(folder, { recursive: true });
process.stdout.write(`${JSON.stringify(report)}\n`);
