import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@switchyard/database';
import type { MaintenanceContext } from '../maintenance/context.js';
import type { MaintenanceEvent } from '../maintenance/event.js';

/** A context whose parts a test does not name are there, empty, and do nothing. */
export interface TestContext extends MaintenanceContext {
  readonly events: MaintenanceEvent[];
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 10, 20, 12);

/** `url` is PostgreSQL's; without it there is a SQLite file. */
export async function testContext(
  parts: Partial<MaintenanceContext> = {},
  url: string | null = null,
): Promise<TestContext> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-worker-'));
  const database = Database.open({ url, file: join(directory, 'ledger.db') });
  await database.migrate();
  const events: MaintenanceEvent[] = [];
  return {
    database,
    ledger: {
      checkRollups: () => Promise.resolve({ rows: 0, nanoUsd: 0 }),
      rebuildRollups: () => Promise.resolve({ rows: 0, nanoUsd: 0 }),
      spend: () => Promise.resolve([]),
      purge: () => Promise.resolve(0),
      counts: () => Promise.resolve({ dead: 0 }),
    },
    limits: { look: () => Promise.resolve([]), raiseSpend: () => Promise.resolve(0) },
    budgetedOwners: () => Promise.resolve([]),
    alerts: null,
    retention: { requestsDays: null },
    send: () => Promise.resolve(200),
    now: () => NOW_MS,
    random: () => 0.5,
    wait: () => Promise.resolve(),
    onEvent: (event) => events.push(event),
    ...parts,
    events,
    close: async () => {
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
