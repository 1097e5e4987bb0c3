import { NOW_MS, recordOf, testContext } from '../testing/context.js';
import type { TestContext } from '../testing/context.js';
import { withEachDatabase } from '../testing/databases.js';
import { runRollups } from './rollups.js';

const HOUR_MS = 3_600_000;

withEachDatabase((newUrl) => {
  let context: TestContext;

  beforeEach(async () => {
    context = await testContext({}, await newUrl());
  });

  afterEach(() => context.close());

  const totalOf = async (): Promise<number> =>
    (await context.ledger.spend([{ level: 'tenant', id: 'acme' }], NOW_MS))[0]!.totalNanoUsd;

  it('finds no drift in what the ledger wrote, the running hour included', async () => {
    await context.ledger.insert([
      recordOf({ createdAtMs: NOW_MS }),
      recordOf({ createdAtMs: NOW_MS - HOUR_MS }),
      recordOf({ createdAtMs: NOW_MS - 47 * HOUR_MS }),
    ]);
    expect(await runRollups(context)).toEqual({ drift_rows: 0, drift_nano_usd: 0 });
    expect(context.events).toEqual([]);
  });

  it('makes sums again that do not agree with their records, to the nano-dollar, and says by how much', async () => {
    await context.ledger.insert([recordOf({ createdAtMs: NOW_MS }), recordOf({ costNanoUsd: 7 })]);
    for (const table of ['rollups_hourly', 'rollups_daily'] as const) {
      await context.database.kysely
        .updateTable(table)
        .set((row) => ({ cost_nano: row('cost_nano', '+', 13) }))
        .execute();
    }
    const report = await runRollups(context);
    expect(report['drift_rows']).toBe(3);
    expect(context.events).toEqual([
      { type: 'rollups_repaired', rows: report['drift_rows'], nanoUsd: report['drift_nano_usd'] },
    ]);
    expect(await totalOf()).toBe(107);
    expect(await runRollups(context)).toEqual({ drift_rows: 0, drift_nano_usd: 0 });
  });

  it('changes nothing twice when it runs twice at once', async () => {
    await context.ledger.insert([recordOf(), recordOf()]);
    await context.database.kysely.deleteFrom('rollups_hourly').execute();
    await context.database.kysely.deleteFrom('rollups_daily').execute();
    await Promise.all([runRollups(context), runRollups(context)]);
    expect(await totalOf()).toBe(200);
  });
});
