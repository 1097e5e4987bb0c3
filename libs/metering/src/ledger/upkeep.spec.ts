import type { Schema } from '@switchyard/database';
import { sql } from 'kysely';
import { describeOnEachDatabase } from './each-database.fixture.js';
import { Ledger } from './ledger.js';
import { NOON_MS, usageRecord } from './record.fixture.js';
import { DAY_MS, HOUR_MS } from './rollup-rows.js';

const ALWAYS = { fromMs: 0, toMs: NOON_MS + DAY_MS };
const NO_DRIFT = { rows: 0, nanoUsd: 0 };

/** Two days, some hours each, two tenants, one request that reached nothing. */
const RECORDS = Array.from({ length: 40 }, (_, n) =>
  usageRecord(n, {
    createdAtMs: NOON_MS - DAY_MS + n * 40 * 60_000,
    tenant: `t${n % 2}`,
    costNanoUsd: 1_000 + n,
    ...(n === 11 && { model: null, provider: null, endpoint: null, status: 'rejected', attempts: [] }),
  }),
);
const TOTAL_NANO_USD = RECORDS.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);

describeOnEachDatabase('the upkeep of the ledger', ({ database, again }) => {
  const rollups = async (shared: Awaited<ReturnType<typeof database>>): Promise<unknown> => {
    const tables = ['rollups_hourly', 'rollups_daily'] as const satisfies readonly (keyof Schema)[];
    const read = tables.map((table) =>
      shared.kysely.selectFrom(table).selectAll().orderBy('bucket').orderBy('tenant').orderBy('model').execute(),
    );
    return Promise.all(read);
  };

  it('finds no drift in what was inserted, and repairing changes nothing', async () => {
    const shared = await database();
    const ledger = new Ledger(shared);
    await ledger.insert(RECORDS);
    const before = await rollups(shared);
    expect(await ledger.checkRollups(ALWAYS)).toEqual(NO_DRIFT);
    expect(await ledger.rebuildRollups(ALWAYS)).toEqual(NO_DRIFT);
    expect(await rollups(shared)).toEqual(before);
  });

  it.each<[string, string, { rows: number; nanoUsd: number }]>([
    [
      'an hour that is off',
      "update rollups_hourly set cost_nano = cost_nano - 7 where tenant = 't1' and model = ''",
      { rows: 1, nanoUsd: 7 },
    ],
    [
      'a day that is off',
      "update rollups_daily set cost_nano = cost_nano + 9 where tenant = 't1' and model = ''",
      { rows: 1, nanoUsd: 9 },
    ],
    [
      'a count that is off',
      "update rollups_hourly set output = output + 1 where tenant = 't1' and model = ''",
      { rows: 1, nanoUsd: 0 },
    ],
    ['all days missing', 'delete from rollups_daily', { rows: 5, nanoUsd: TOTAL_NANO_USD }],
    [
      'a row that nobody asked for',
      `insert into rollups_daily (bucket, tenant, key_id, model, provider, endpoint, cost_nano) values (${NOON_MS - (NOON_MS % DAY_MS)}, 'x', 'y', 'z', '', '', 5)`,
      { rows: 1, nanoUsd: 5 },
    ],
  ])('repairs %s to the nano-dollar, and says by how much it was off', async (_name, damage, drift) => {
    const shared = await database();
    const ledger = new Ledger(shared);
    await ledger.insert(RECORDS);
    const before = await rollups(shared);
    await sql.raw(damage).execute(shared.kysely);
    expect(await ledger.checkRollups(ALWAYS)).not.toEqual(NO_DRIFT);
    expect(await ledger.rebuildRollups(ALWAYS)).toEqual(drift);
    expect(await rollups(shared)).toEqual(before);
    expect(await ledger.checkRollups(ALWAYS)).toEqual(NO_DRIFT);
  });

  it('looks at the days of the range alone, and at those whole', async () => {
    const shared = await database();
    const ledger = new Ledger(shared);
    await ledger.insert(RECORDS);
    const before = await rollups(shared);
    const [today, hour] = [NOON_MS - (NOON_MS % DAY_MS), { fromMs: NOON_MS, toMs: NOON_MS + 1 }];
    await sql`update rollups_hourly set cost_nano = 0`.execute(shared.kysely);
    const costOf = (isOfToday: boolean): number =>
      RECORDS.filter(({ createdAtMs }) => createdAtMs >= today === isOfToday).reduce(
        (sum, { costNanoUsd }) => sum + costNanoUsd,
        0,
      );
    // The damaged hours of the morning are mended, and not copied into the day.
    expect(await ledger.rebuildRollups(hour)).toMatchObject({ nanoUsd: costOf(true) });
    expect(await ledger.rebuildRollups(hour)).toEqual(NO_DRIFT);
    expect(await ledger.rebuildRollups({ fromMs: today, toMs: today })).toEqual(NO_DRIFT);
    expect(await ledger.rebuildRollups({ fromMs: today - 1, toMs: today })).toMatchObject({ nanoUsd: costOf(false) });
    expect(await rollups(shared)).toEqual(before);
  });

  it('checks and rebuilds while replicas insert, and nothing is lost or counted twice', async () => {
    const shared = await database();
    const [ledger, replica, repairer] = [shared, again(shared), again(shared)].map((each) => new Ledger(each));
    const batches = Array.from({ length: 40 }, (_, at) =>
      Array.from({ length: 5 }, (__, n) => usageRecord(at * 5 + n, { createdAtMs: NOON_MS + (n % 2) * HOUR_MS })),
    );
    const inserting = new AbortController();
    const upkeep = (async () => {
      const drifts = [];
      while (!inserting.signal.aborted) {
        drifts.push(await repairer!.checkRollups(ALWAYS), await repairer!.rebuildRollups(ALWAYS));
      }
      return drifts;
    })();
    await Promise.all(batches.map((batch, at) => (at % 2 === 0 ? ledger! : replica!).insert(batch)));
    inserting.abort();
    const drifts = await upkeep;
    expect(drifts.filter(({ rows }) => rows > 0)).toEqual([]);
    const { sums } = await ledger!.sums({ groupBy: [], limit: 1 });
    expect(sums).toMatchObject([{ requests: 200, costNanoUsd: 200 * 7_500_000 }]);
    expect(await ledger!.checkRollups(ALWAYS)).toEqual(NO_DRIFT);
  }, 60_000);

  it('purges the oldest requests in steps, with their attempts, and keeps the sums', async () => {
    const shared = await database();
    const ledger = new Ledger(shared);
    const [served] = RECORDS[0]!.attempts;
    const twice = RECORDS.map((record) => ({ ...record, attempts: [{ ...served!, errorClass: 'timeout' }, served!] }));
    await ledger.insert(twice);
    const before = await rollups(shared);
    const boundaryMs = twice[25]!.createdAtMs;
    const removed = [];
    for (let n = 0; n < 4; n++) removed.push(await ledger.purge(boundaryMs, 10));
    expect(removed).toEqual([10, 10, 5, 0]);
    expect((await ledger.list({ limit: 100 })).records).toEqual(twice.slice(25));
    expect(await shared.kysely.selectFrom('attempts').selectAll().execute()).toHaveLength(2 * 15);
    expect(await rollups(shared)).toEqual(before);
  });

  it('purges each request once when two replicas purge at once', async () => {
    const shared = await database();
    const replicas = [new Ledger(shared), new Ledger(again(shared))];
    await replicas[0]!.insert(RECORDS);
    const removed = await Promise.all(replicas.map((replica) => replica.purge(RECORDS[25]!.createdAtMs, 100)));
    expect(removed.toSorted((a, b) => a - b)).toEqual([0, 25]);
    expect((await replicas[1]!.list({ limit: 100 })).records).toEqual(RECORDS.slice(25));
  });

  it('never rebuilds the rollups of purged requests, those of a day that was purged in part included', async () => {
    const shared = await database();
    const ledger = new Ledger(shared);
    await ledger.insert(RECORDS);
    const before = await rollups(shared);
    // Nothing is removed in the step that only one row is allowed in, but more may be at any time.
    await ledger.purge(NOON_MS - 2 * HOUR_MS + 1, 1);
    expect(await ledger.checkRollups(ALWAYS)).toEqual(NO_DRIFT);
    expect(await ledger.rebuildRollups(ALWAYS)).toEqual(NO_DRIFT);
    expect(await rollups(shared)).toEqual(before);
  });

  it('refuses a record as old as purged ones, which may have been counted already, but still knows those that are left', async () => {
    const ledger = new Ledger(await database());
    await ledger.insert([usageRecord(1, { createdAtMs: NOON_MS - 2 }), usageRecord(2, { createdAtMs: NOON_MS - 1 })]);
    expect(await ledger.purge(NOON_MS, 1)).toBe(1);
    await expect(ledger.insert([usageRecord(1, { createdAtMs: NOON_MS - 2 })])).rejects.toThrow(
      /^createdAtMs is 2026-03-01T11:59:59\.998Z, before 2026-03-01T12:00:00\.000Z: .*counted already/,
    );
    expect(await ledger.insert([usageRecord(2, { createdAtMs: NOON_MS - 1 }), usageRecord(3)])).toEqual({
      inserted: 1,
      duplicates: 1,
    });
    expect((await ledger.sums({ groupBy: [], limit: 1 })).sums).toMatchObject([{ requests: 3 }]);
  });

  it('never forgets how far it purged', async () => {
    const ledger = new Ledger(await database());
    await ledger.purge(NOON_MS, 1);
    await ledger.purge(NOON_MS - DAY_MS, 1);
    await expect(ledger.insert([usageRecord(1, { createdAtMs: NOON_MS - 1 })])).rejects.toThrow(/purged/);
  });

  it.each([
    ['a time to come', NOON_MS + 1, 10],
    ['no time', NaN, 10],
    ['no rows', NOON_MS, 0],
    ['half a row', NOON_MS, 0.5],
  ])('does not purge before %s', async (_name, beforeMs, maxRows) => {
    const ledger = new Ledger(await database(), () => NOON_MS);
    await expect(async () => ledger.purge(beforeMs, maxRows)).rejects.toThrow(RangeError);
    expect(await ledger.insert([usageRecord(1)])).toEqual({ inserted: 1, duplicates: 0 });
  });
});
