import { GatewayError } from '@switchyard/contract';
import fc from 'fast-check';
import type { UsageRecord } from '../record.js';
import { describeOnEachDatabase } from './each-database.fixture.js';
import { Ledger } from './ledger.js';
import { writeCursor } from './page-cursor.js';
import type { RecordQuery } from './read-records.js';
import type { SpendOwner } from './read-spend.js';
import type { SumQuery, UsageSum } from './read-sums.js';
import { usageRecord } from './record.fixture.js';
import { DAY_MS, HOUR_MS } from './rollup-rows.js';

/** The last millisecond of February and the first of March. */
const MARCH_MS = Date.UTC(2026, 2, 1);
const LAST_OF_FEBRUARY_MS = MARCH_MS - 1;

async function everyPage(
  ledger: Ledger,
  query: RecordQuery,
  betweenPages: () => Promise<unknown> = async () => undefined,
): Promise<readonly UsageRecord[]> {
  const all: UsageRecord[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await ledger.list({ ...query, ...(cursor !== undefined && { cursor }) });
    expect(page.records.length).toBeLessThanOrEqual(query.limit);
    all.push(...page.records);
    cursor = page.nextCursor;
    await betweenPages();
  }
  return all;
}

async function everySum(ledger: Ledger, query: SumQuery): Promise<readonly UsageSum[]> {
  const all: UsageSum[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await ledger.sums({ ...query, ...(cursor !== undefined && { cursor }) });
    all.push(...page.sums);
    cursor = page.nextCursor;
  }
  return all;
}

const idsOf = (records: readonly UsageRecord[]): readonly string[] => records.map(({ id }) => id);

describeOnEachDatabase('reading the ledger', ({ database }) => {
  it('goes through every record once, in order, while later ones are inserted', async () => {
    const ledger = new Ledger(await database());
    // Many in the same millisecond: there the id decides.
    const records = Array.from({ length: 50 }, (_, n) => usageRecord(n * 7_919, { createdAtMs: MARCH_MS + (n % 4) }));
    await ledger.insert(records);
    let later = 1_000_000;
    const pages = await everyPage(ledger, { limit: 7, toMs: MARCH_MS + 4 }, () =>
      ledger.insert([usageRecord((later += 1), { createdAtMs: MARCH_MS + 4 }), usageRecord((later += 1))]),
    );
    const inOrder = records.toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    expect(idsOf(pages)).toEqual(idsOf(inOrder));
  });

  it('answers pages of any size alike, and each record to its tenant, key and model alone', async () => {
    const ledger = new Ledger(await database());
    const owners = [
      { tenant: 'acme', keyId: 'a', model: 'acme/m1' },
      { tenant: 'acme', keyId: 'b', model: null },
      { tenant: 'globex', keyId: 'c', model: 'acme/m1' },
    ];
    const records = Array.from({ length: 30 }, (_, n) =>
      usageRecord(n, { ...owners[n % 3]!, createdAtMs: MARCH_MS + n, attempts: [] }),
    );
    await ledger.insert(records);
    const sizes = fc.integer({ min: 1, max: 40 });
    const filters = fc.record(
      {
        tenant: fc.constantFrom('acme', 'globex', 'acm', '%', 'acme\0'),
        keyId: fc.constantFrom('a', 'b', 'c'),
        model: fc.constantFrom('acme/m1', 'acme/m2'),
        fromMs: fc.integer({ min: MARCH_MS - 1, max: MARCH_MS + 31 }),
        toMs: fc.integer({ min: MARCH_MS - 1, max: MARCH_MS + 31 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(sizes, filters, async (limit, filter) => {
        const { tenant, keyId, model, fromMs = 0, toMs = Infinity } = filter;
        const expected = records.filter(
          (record) =>
            (tenant ?? record.tenant) === record.tenant &&
            (keyId ?? record.keyId) === record.keyId &&
            (model ?? record.model) === record.model &&
            record.createdAtMs >= fromMs &&
            record.createdAtMs < toMs,
        );
        expect(await everyPage(ledger, { ...filter, limit })).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it.each<[string, string]>([
    ['empty', ''],
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['no list', Buffer.from('{"0":1}').toString('base64url')],
    ['too short', writeCursor([1])],
    ['too long', writeCursor([1, 'a'.repeat(32), 1])],
    ['of other types', writeCursor(['1', 'a'.repeat(32)])],
    ['of a broken time', writeCursor([1.5, 'a'.repeat(32)])],
    ['of an id that is none', writeCursor([1, 'a'])],
  ])('refuses a cursor that is %s', async (_name, cursor) => {
    const ledger = new Ledger(await database());
    const refused = { code: 'invalid_request', details: { param: 'cursor' } };
    await expect(ledger.list({ limit: 1, cursor })).rejects.toMatchObject(refused);
    await expect(ledger.sums({ groupBy: ['day', 'tenant', 'model'], limit: 1, cursor })).rejects.toMatchObject(refused);
  });

  it.each([0, -1, 1.5, NaN, 10_001])('refuses a page of %d', async (limit) => {
    const ledger = new Ledger(await database());
    await expect(ledger.list({ limit })).rejects.toThrow(GatewayError);
    await expect(ledger.sums({ groupBy: [], limit })).rejects.toMatchObject({ details: { param: 'limit' } });
  });

  it('sums by any grouping what the records say, whatever the pages', async () => {
    const ledger = new Ledger(await database());
    const number = { min: 0, max: 1_000 };
    const statuses = ['completed', 'client_cancelled', 'truncated', 'rejected', 'orphaned'] as const;
    const records = Array.from({ length: 60 }, (_, n) =>
      usageRecord(n, {
        createdAtMs: LAST_OF_FEBRUARY_MS - 3 * HOUR_MS + n * 7 * 60_000,
        tenant: `t${n % 2}`,
        keyId: `k${n % 3}`,
        model: n % 5 === 0 ? null : `m${n % 4}`,
        status: statuses[n % statuses.length]!,
        costNanoUsd: n * n,
        attempts: [],
      }),
    );
    await ledger.insert(records);
    const groups = fc.subarray(['tenant', 'key', 'model', 'provider', 'endpoint'] as const);
    const time = fc.constantFrom([], ['hour'] as const, ['day'] as const);
    await fc.assert(
      fc.asyncProperty(time, groups, fc.integer({ ...number, min: 1 }), async (byTime, byOwner, limit) => {
        const groupBy = [...byTime, ...byOwner];
        const sums = await everySum(ledger, { groupBy, limit });
        const keyOf = (record: UsageRecord): string =>
          JSON.stringify([
            byTime[0] === undefined
              ? null
              : record.createdAtMs - (record.createdAtMs % (byTime[0] === 'day' ? DAY_MS : HOUR_MS)),
            byOwner.includes('tenant') ? record.tenant : null,
            byOwner.includes('key') ? record.keyId : null,
            byOwner.includes('model') ? (record.model ?? '') : null,
            byOwner.includes('provider') ? record.provider : null,
            byOwner.includes('endpoint') ? record.endpoint : null,
          ]);
        const expected = Map.groupBy(records, keyOf);
        expect(
          sums
            .map((sum) => JSON.stringify([sum.bucketMs, sum.tenant, sum.keyId, sum.model, sum.provider, sum.endpoint]))
            .toSorted(),
        ).toEqual([...expected.keys()].toSorted());
        for (const sum of sums) {
          const of = expected.get(
            JSON.stringify([sum.bucketMs, sum.tenant, sum.keyId, sum.model, sum.provider, sum.endpoint]),
          )!;
          expect(sum).toMatchObject({
            requests: of.length,
            cancelled: of.filter(({ status }) => status === 'client_cancelled').length,
            failures: of.filter(({ status }) => status !== 'client_cancelled' && status !== 'completed').length,
            costNanoUsd: of.reduce((total, { costNanoUsd }) => total + costNanoUsd, 0),
            usage: {
              uncachedInput: 1_200 * of.length,
              cacheRead: 300 * of.length,
              output: 80 * of.length,
              reasoning: 0,
            },
          });
        }
      }),
      { numRuns: 25 },
    );
  });

  it('answers one sum of nothing when there is nothing', async () => {
    const ledger = new Ledger(await database());
    expect(await ledger.sums({ groupBy: ['model'], limit: 10 })).toEqual({ sums: [], nextCursor: null });
    const { sums } = await ledger.sums({ groupBy: [], limit: 10 });
    expect(sums).toMatchObject([{ requests: 0, costNanoUsd: 0, tenant: null, bucketMs: null }]);
  });

  it('sums whole hours of a range that does not end with days, and filters', async () => {
    const ledger = new Ledger(await database());
    await ledger.insert([
      usageRecord(1, { createdAtMs: LAST_OF_FEBRUARY_MS, costNanoUsd: 1 }),
      usageRecord(2, { createdAtMs: MARCH_MS, costNanoUsd: 10 }),
      usageRecord(3, { createdAtMs: MARCH_MS + HOUR_MS, costNanoUsd: 100, tenant: 'globex' }),
      usageRecord(4, { createdAtMs: MARCH_MS + 2 * HOUR_MS, costNanoUsd: 1_000, keyId: 'other' }),
    ]);
    const cost = async (query: Partial<SumQuery>): Promise<number> =>
      (await ledger.sums({ groupBy: [], limit: 1, ...query })).sums[0]!.costNanoUsd;
    expect(await cost({ fromMs: MARCH_MS })).toBe(1_110);
    expect(await cost({ toMs: MARCH_MS })).toBe(1);
    expect(await cost({ fromMs: LAST_OF_FEBRUARY_MS, toMs: MARCH_MS + HOUR_MS })).toBe(11);
    expect(await cost({ fromMs: MARCH_MS + HOUR_MS + 1, toMs: MARCH_MS + 2 * HOUR_MS + 1 })).toBe(1_100);
    expect(await cost({ tenant: 'globex' })).toBe(100);
    expect(await cost({ keyId: 'other', model: 'acme/m1' })).toBe(1_000);
    expect(await cost({ model: 'acme/m2' })).toBe(0);
  });

  it('does not group by hour and by day at once', async () => {
    const ledger = new Ledger(await database());
    await expect(ledger.sums({ groupBy: ['day', 'hour'], limit: 1 })).rejects.toMatchObject({
      code: 'invalid_request',
      details: { param: 'group_by' },
    });
  });

  it('knows what a tenant and a key spent in the day, in the month and ever, across midnight and the end of the month', async () => {
    const ledger = new Ledger(await database());
    await ledger.insert([
      usageRecord(1, { createdAtMs: MARCH_MS - 40 * DAY_MS, costNanoUsd: 1 }),
      usageRecord(2, { createdAtMs: MARCH_MS - DAY_MS, costNanoUsd: 10 }),
      usageRecord(3, { createdAtMs: LAST_OF_FEBRUARY_MS, costNanoUsd: 100 }),
      usageRecord(4, { createdAtMs: MARCH_MS, costNanoUsd: 1_000 }),
      usageRecord(5, { createdAtMs: MARCH_MS + DAY_MS - 1, costNanoUsd: 10_000, keyId: 'other' }),
      usageRecord(6, { createdAtMs: MARCH_MS, costNanoUsd: 100_000, tenant: 'globex', keyId: 'theirs' }),
    ]);
    const spend = async (nowMs: number): Promise<readonly number[][]> => {
      const owners = [{ level: 'tenant', id: 'acme' } as const, { level: 'key', id: 'ci' } as const];
      const all = await ledger.spend(owners, nowMs);
      expect(all).toMatchObject(owners);
      return all.map(({ dayNanoUsd, monthNanoUsd, totalNanoUsd }) => [dayNanoUsd, monthNanoUsd, totalNanoUsd]);
    };
    expect(await spend(LAST_OF_FEBRUARY_MS)).toEqual([
      [110, 110, 11_111],
      [110, 110, 1_111],
    ]);
    expect(await spend(MARCH_MS)).toEqual([
      [11_000, 11_000, 11_111],
      [1_000, 1_000, 1_111],
    ]);
    expect(await spend(MARCH_MS + DAY_MS)).toEqual([
      [0, 11_000, 11_111],
      [0, 1_000, 1_111],
    ]);
  });

  it('answers one tenant with nothing of another: neither its records nor what the same key spent there', async () => {
    const ledger = new Ledger(await database());
    await ledger.insert([
      usageRecord(1, { tenant: 'acme', keyId: 'moved', costNanoUsd: 1 }),
      usageRecord(2, { tenant: 'globex', keyId: 'moved', costNanoUsd: 20 }),
    ]);
    const { id } = usageRecord(1);
    expect(await ledger.find(id, 'acme')).toMatchObject({ id });
    expect(await ledger.find(id, 'globex')).toBeNull();
    expect(await ledger.find(id, '%')).toBeNull();
    const moved = { level: 'key' as const, id: 'moved' };
    const totals = async (owners: readonly SpendOwner[]): Promise<readonly number[]> =>
      (await ledger.spend(owners, MARCH_MS)).map(({ totalNanoUsd }) => totalNanoUsd);
    expect(await totals([{ ...moved, tenant: 'acme' }])).toEqual([1]);
    expect(
      await totals([
        { ...moved, tenant: 'globex' },
        { ...moved, tenant: 'acme' },
      ]),
    ).toEqual([20, 1]);
    expect(await totals([moved, { ...moved, tenant: 'globex' }, { ...moved, tenant: 'none' }])).toEqual([21, 20, 0]);
  });

  it('tells spend of many owners apart, of a tenant and a key of one name too, and knows nothing of strangers', async () => {
    const ledger = new Ledger(await database());
    await ledger.insert([
      usageRecord(1, { tenant: 'same', keyId: 'k', costNanoUsd: 1 }),
      usageRecord(2, { tenant: 't', keyId: 'same', costNanoUsd: 20 }),
    ]);
    const strangers = Array.from({ length: 2_500 }, (_, n) => ({ level: 'key' as const, id: `stranger-${n}` }));
    const owners = [{ level: 'tenant' as const, id: 'same' }, ...strangers, { level: 'key' as const, id: 'same' }];
    const totals = (await ledger.spend(owners, MARCH_MS)).map(({ totalNanoUsd }) => totalNanoUsd);
    expect(totals).toEqual([1, ...strangers.map(() => 0), 20]);
    expect(await ledger.spend([], MARCH_MS)).toEqual([]);
  });
});
