import fc from 'fast-check';
import { isConnectionFault } from '@switchyard/database';
import { sql } from 'kysely';
import type { UsageRecord } from '../record.js';
import { describeOnEachDatabase } from './each-database.fixture.js';
import { Ledger } from './ledger.js';
import { NOON_MS, usageRecord } from './record.fixture.js';
import { DAY_MS, HOUR_MS } from './rollup-rows.js';

const ALWAYS = { fromMs: 0, toMs: NOON_MS + 400 * DAY_MS };
const NO_DRIFT = { rows: 0, nanoUsd: 0 };

const faultOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

async function totalOf(
  ledger: Ledger,
  days = false,
): Promise<{ requests: number; costNanoUsd: number; output: number }> {
  const { sums } = await ledger.sums({ groupBy: days ? ['day'] : ['hour'], limit: 10_000 });
  return {
    requests: sums.reduce((sum, { requests }) => sum + requests, 0),
    costNanoUsd: sums.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0),
    output: sums.reduce((sum, { usage }) => sum + usage.output, 0),
  };
}

describeOnEachDatabase('the ledger', ({ database, again }) => {
  it('answers a record as it was inserted, attempts in their order', async () => {
    const ledger = new Ledger(await database());
    const [served] = usageRecord(1).attempts;
    const failed = { ...served!, endpoint: 'deepinfra', status: null, errorClass: 'connect', latencyMs: 30.2 };
    const records = [
      usageRecord(1),
      usageRecord(2, { attempts: [failed, { ...failed, status: 529 }, served!] }),
      usageRecord(3, {
        model: null,
        provider: null,
        endpoint: null,
        status: 'rejected',
        attempts: [],
        firstTokenMs: null,
      }),
      usageRecord(4, {
        status: 'orphaned',
        protocol: 'chat',
        usageSource: 'partial',
        costNanoUsd: 2 ** 53 - 1,
        upstreamId: '',
      }),
    ];
    expect(await ledger.insert(records)).toEqual({ inserted: 4, duplicates: 0 });
    expect(await Promise.all(records.map(({ id }) => ledger.find(id)))).toEqual(records);
    expect((await ledger.list({ limit: 10 })).records).toEqual(records);
  });

  it('finds nothing under an id that is unknown or none', async () => {
    const ledger = new Ledger(await database());
    await ledger.insert([usageRecord(10)]);
    expect(await ledger.find('f'.repeat(32))).toBeNull();
    for (const id of ['', 'req_1', usageRecord(10).id.toUpperCase(), `${usageRecord(10).id}\0`, "' or 1=1 --"]) {
      expect([id, await ledger.find(id)]).toEqual([id, null]);
    }
  });

  it('takes an empty batch', async () => {
    expect(await new Ledger(await database()).insert([])).toEqual({ inserted: 0, duplicates: 0 });
  });

  it('counts a record once, the first that came, within a batch and across batches', async () => {
    const ledger = new Ledger(await database());
    const again = usageRecord(1, { costNanoUsd: 99 });
    expect(await ledger.insert([usageRecord(1), usageRecord(2), again])).toEqual({ inserted: 2, duplicates: 1 });
    expect(await ledger.insert([again, usageRecord(3)])).toEqual({ inserted: 1, duplicates: 1 });
    expect(await ledger.insert([usageRecord(3), usageRecord(2)])).toEqual({ inserted: 0, duplicates: 2 });
    expect(await totalOf(ledger)).toEqual({ requests: 3, costNanoUsd: 22_500_000, output: 240 });
    expect(await ledger.find(again.id)).toEqual(usageRecord(1));
  });

  it('keeps exact sums whatever batches arrive, duplicated and at once from several replicas', async () => {
    const inserted = fc.record({ number: fc.nat(40), hour: fc.nat(60), tenant: fc.constantFrom('acme', 'globex') });
    const batches = fc.array(fc.array(inserted, { maxLength: 12 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const shared = await database();
        const replicas = [new Ledger(shared), new Ledger(again(shared))];
        // The fields follow from the number, so that it does not matter which of two equal ids comes first.
        const fieldsOf = new Map<number, Partial<UsageRecord>>();
        for (const { number, hour, tenant } of given.flat()) {
          fieldsOf.set(number, { tenant, createdAtMs: NOON_MS + hour * HOUR_MS, costNanoUsd: 3 ** (number % 33) });
        }
        const reports = await Promise.all(
          given.map((batch, at) =>
            replicas[at % 2]!.insert(batch.map(({ number }) => usageRecord(number, fieldsOf.get(number)))),
          ),
        );
        const cost = [...fieldsOf.values()].reduce((sum, { costNanoUsd }) => sum + costNanoUsd!, 0);
        const total = { requests: fieldsOf.size, costNanoUsd: cost, output: fieldsOf.size * 80 };
        expect(reports.reduce((sum, report) => sum + report.inserted, 0)).toBe(fieldsOf.size);
        expect(reports.reduce((sum, report) => sum + report.duplicates, 0)).toBe(given.flat().length - fieldsOf.size);
        expect([await totalOf(replicas[0]!), await totalOf(replicas[1]!, true)]).toEqual([total, total]);
        expect(await replicas[0]!.checkRollups(ALWAYS)).toEqual(NO_DRIFT);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it('never waits in a circle when replicas insert the same records in opposite orders', async () => {
    const shared = await database();
    const replicas = [new Ledger(shared), new Ledger(again(shared))];
    for (let round = 0; round < 8; round++) {
      const records = Array.from({ length: 400 }, (_, n) =>
        usageRecord(round * 400 + n, { tenant: `t${n % 7}`, createdAtMs: NOON_MS + (n % 5) * HOUR_MS }),
      );
      const orders = [records, records.toReversed(), records, records.toReversed()];
      const reports = await Promise.all(orders.map((order, at) => replicas[at % 2]!.insert(order)));
      expect(reports.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(400);
    }
    expect((await totalOf(replicas[0]!)).requests).toBe(3_200);
  }, 60_000);

  it.each<[string, Partial<UsageRecord>]>([
    ['a count that is none', { images: -1 }],
    ['a time before 1970', { createdAtMs: -1 }],
  ])('inserts nothing of a batch with %s, and says that it is the data', async (_name, fields) => {
    const ledger = new Ledger(await database());
    const error = await faultOf(ledger.insert([usageRecord(1), usageRecord(2, fields), usageRecord(3)]));
    expect(error).toBeInstanceOf(RangeError);
    expect(isConnectionFault(error)).toBe(false);
    expect((await ledger.list({ limit: 10 })).records).toEqual([]);
    expect((await totalOf(ledger)).requests).toBe(0);
  });

  it('inserts nothing when a rollup cannot be written, and says whose fault it is', async () => {
    const shared = await database();
    const ledger = new Ledger(shared);
    await ledger.insert([usageRecord(1)]);
    await sql`update rollups_daily set cost_nano = ${sql.lit('9223372036854775807')}`.execute(shared.kysely);
    const error = await faultOf(ledger.insert([usageRecord(2)]));
    expect([error === undefined, isConnectionFault(error)]).toEqual([false, false]);
    expect(await ledger.find(usageRecord(2).id)).toBeNull();
    expect((await totalOf(ledger)).requests).toBe(1);
  });

  it('sets aside what it cannot take, each text once', async () => {
    const shared = await database();
    const ledger = new Ledger(shared, () => 1_234);
    await ledger.setAside('{"id":"\0"}', 'id is none');
    await ledger.setAside('{"id":"\0"}', 'again');
    await ledger.setAside('{}', 'id is undefined');
    expect(await ledger.counts()).toEqual({ dead: 2 });
    const rows = await shared.kysely.selectFrom('ledger_dead').selectAll().orderBy('id').execute();
    expect(rows).toMatchObject([
      { record: '{"id":"\uFFFD"}', reason: 'id is none', created_at: 1_234 },
      { record: '{}', reason: 'id is undefined', created_at: 1_234 },
    ]);
  });

  it('keeps the prices that a version was first recorded with', async () => {
    const shared = await database();
    const ledger = new Ledger(shared, () => 5);
    await ledger.recordPrices('cat_1', { 'deepinfra/turbo': { prompt: 100_000 } });
    await ledger.recordPrices('cat_1', {});
    await ledger.recordPrices('cat_2', {});
    const rows = await shared.kysely.selectFrom('price_versions').selectAll().orderBy('version').execute();
    expect(rows).toEqual([
      { version: 'cat_1', created_at: 5, prices: '{"deepinfra/turbo":{"prompt":100000}}' },
      { version: 'cat_2', created_at: 5, prices: '{}' },
    ]);
  });
});
