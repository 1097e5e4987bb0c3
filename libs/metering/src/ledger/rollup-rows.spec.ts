import fc from 'fast-check';
import { usageRecord } from './record.fixture.js';
import { rowsOf } from './record-row.js';
import { bucketOf, DAY_MS, HOUR_MS, rollupKey, rollupsOf } from './rollup-rows.js';

const MARCH_MS = Date.UTC(2026, 2, 1);

const requests = Array.from({ length: 24 }, (_, n) =>
  rowsOf(
    usageRecord(n, {
      tenant: `t${n % 3}`,
      keyId: `k${n % 2}`,
      createdAtMs: MARCH_MS + (n % 4) * HOUR_MS,
      costNanoUsd: n,
    }),
  ),
).map(({ request }) => request);

describe('rollups', () => {
  it('come in one order whatever the order of the requests, so that writers lock rows alike', () => {
    const expected = rollupsOf(requests, HOUR_MS);
    expect(expected.map(rollupKey)).toEqual(expected.map(rollupKey).toSorted());
    fc.assert(
      fc.property(fc.shuffledSubarray(requests, { minLength: requests.length }), (shuffled) => {
        expect(rollupsOf(shuffled, HOUR_MS)).toEqual(expected);
      }),
    );
  });

  it('begin at the UTC hour and day', () => {
    const last = MARCH_MS - 1;
    expect([bucketOf(last, DAY_MS), bucketOf(last, HOUR_MS)]).toEqual([MARCH_MS - DAY_MS, MARCH_MS - HOUR_MS]);
    expect([bucketOf(MARCH_MS, DAY_MS), bucketOf(MARCH_MS, HOUR_MS)]).toEqual([MARCH_MS, MARCH_MS]);
  });

  it('never take two places for one, however their names are cut', () => {
    const [a, b] = [usageRecord(1, { tenant: 'x', keyId: 'yz' }), usageRecord(2, { tenant: 'xy', keyId: 'z' })];
    expect(
      rollupsOf(
        [a, b].map((record) => rowsOf(record).request),
        DAY_MS,
      ),
    ).toHaveLength(2);
  });
});
