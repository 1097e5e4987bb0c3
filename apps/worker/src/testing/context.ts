import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZERO_USAGE } from '@switchyard/contract';
import { Database } from '@switchyard/database';
import type { Limit } from '@switchyard/limits';
import { Ledger } from '@switchyard/metering';
import type { UsageRecord } from '@switchyard/metering';
import type { LimitedGroup, MaintenanceContext } from '../maintenance/context.js';
import type { MaintenanceEvent } from '../maintenance/event.js';

export const NOW_MS = Date.UTC(2026, 10, 20, 12);
export const NEVER = new AbortController().signal;

/** A context with a migrated database and its ledger; parts that a test does not name are there and do nothing. */
export interface TestContext extends MaintenanceContext {
  readonly ledger: Ledger;
  readonly events: MaintenanceEvent[];
  close(): Promise<void>;
}

/** `url` is PostgreSQL's; without it there is a SQLite file. The time is `NOW_MS`. */
export async function testContext(
  parts: Partial<MaintenanceContext> = {},
  url: string | null = null,
): Promise<TestContext> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-worker-'));
  const database = Database.open({ url, file: join(directory, 'switchyard.db') });
  await database.migrate();
  const events: MaintenanceEvent[] = [];
  return {
    database,
    limits: { look: () => Promise.resolve([]), raiseSpend: () => Promise.resolve(0) },
    budgetedOwners: () => Promise.resolve([]),
    alerts: null,
    retention: { requestsDays: null },
    probes: null,
    send: () => Promise.resolve(200),
    now: () => NOW_MS,
    random: () => 0.5,
    wait: () => Promise.resolve(),
    onEvent: (event) => events.push(event),
    ...parts,
    ledger: new Ledger(database, () => NOW_MS),
    events,
    close: async () => {
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

let records = 0;

/** A completed request of tenant `acme` and key `ci`, an hour ago. */
export function recordOf(parts: Partial<UsageRecord> = {}): UsageRecord {
  records += 1;
  return {
    id: records.toString(16).padStart(32, '0'),
    createdAtMs: NOW_MS - 3_600_000,
    tenant: 'acme',
    keyId: 'ci',
    protocol: 'chat',
    model: 'acme/m1',
    provider: 'p1',
    endpoint: 'p1',
    status: 'completed',
    streamed: false,
    finishReason: 'stop',
    errorCode: null,
    usage: { ...ZERO_USAGE, uncachedInput: 10, output: 5 },
    usageSource: 'upstream',
    images: 0,
    costNanoUsd: 100,
    costInputNanoUsd: 40,
    byokCostNanoUsd: null,
    costIncomplete: false,
    latencyMs: 12.5,
    firstTokenMs: null,
    upstreamId: 'up-1',
    priceVersion: 'v1',
    attempts: [{ model: 'acme/m1', provider: 'p1', endpoint: 'p1', status: 200, errorClass: null, latencyMs: 12.5 }],
    ...parts,
  };
}

/** A budget of tenant `acme`, in nano-USD. */
export function budgetOf(dimension: Limit['dimension'], limit: number, parts: Partial<Limit> = {}): Limit {
  return { level: 'tenant', owner: 'acme', dimension, limit, mode: 'enforce', ...parts };
}

/** Tenant `acme` with these limits. */
export function ownersWith(...limits: readonly Limit[]): () => Promise<readonly LimitedGroup[]> {
  return () => Promise.resolve([{ group: 'acme', limits }]);
}
