import type { Limit, RefusalCause } from '../types.js';
import { demandOf, limitAt, limitOf, requestOf } from './requests.js';
import { refusalOf, storeRig } from './store-rig.js';
import type { StoreOpener } from './stores.js';

const MINUTE_MS = 60_000;

/** What every store must do with the limits of one request together. */
export function describeRequests(open: StoreOpener): void {
  const { advance, remaining, store } = storeRig(open);

  describe('several limits', () => {
    const all = [
      limitAt('tenant', 'requests', 100),
      limitAt('key', 'requests', 100),
      limitAt('key', 'input_tokens', 1_000),
      limitAt('key', 'output_tokens', 1_000),
      limitAt('key', 'concurrency', 10),
      limitAt('tenant', 'budget_day', 1_000),
      limitAt('tenant', 'budget_month', 1_000),
      limitAt('key', 'budget_total', 1_000),
    ];
    const demand = { inputTokens: 100, outputTokens: 200, costNanoUsd: 300 };

    it('are all taken from by one request', async () => {
      await store.reserve('a', requestOf(all, demand));
      expect(await remaining(...all)).toEqual([99, 99, 900, 800, 9, 700, 700, 700]);
    });

    it.each(all.map((limit, index) => [`${limit.level} ${limit.dimension}`, index] as const))(
      'lose nothing when one of them refuses: %s',
      async (_name, tight) => {
        const limits = all.map((limit, index) => (index === tight ? { ...limit, limit: 1 } : limit));
        if (limits[tight]?.dimension === 'requests' || limits[tight]?.dimension === 'concurrency') {
          await store.reserve('filler', requestOf([limits[tight]]));
        }
        const before = await store.look(limits);
        expect((await store.reserve('a', requestOf(limits, demand))).granted).toBe(false);
        expect(await store.look(limits)).toEqual(before);
        await store.settle('a', demandOf({ costNanoUsd: 77 }));
        expect(await store.look(limits)).toEqual(before);
      },
    );

    it('are kept apart by level, owner and group', async () => {
      const limit = limitOf('requests', 10);
      await store.reserve('a', requestOf([limit]));
      expect(await remaining({ ...limit, level: 'tenant' }, { ...limit, owner: 'other' })).toEqual([10, 10]);
      expect((await store.look([limit], 'other'))[0]?.remaining).toBe(10);
      expect((await store.reserve('a', requestOf([limit]), 'other')).states[0]?.remaining).toBe(9);
    });

    it.each(['', ' ', '{acme}', 'a:b', 'a/b', 'a%002fb', 'a,b;c', 'ünï', '\ud800', '*', 'x'.repeat(300)])(
      'may belong to anybody, whatever the name: %j',
      async (name) => {
        const limits = [
          limitOf('requests', 10, { owner: name }),
          limitOf('concurrency', 10, { owner: name }),
          limitOf('budget_day', 10, { owner: name }),
        ];
        await store.reserve(name, requestOf(limits, { costNanoUsd: 4 }));
        expect(await remaining(...limits)).toEqual([9, 9, 6]);
        await store.renew(name);
        await store.settle(name, demandOf({ costNanoUsd: 3 }));
        expect(await remaining(...limits)).toEqual([9, 10, 7]);
        expect((await store.reserve('b', requestOf(limits), name)).granted).toBe(true);
      },
    );

    const reasons: readonly [RefusalCause, readonly Limit[]][] = [
      ['too_large', [limitOf('output_tokens', 100), limitOf('budget_day', 1), limitOf('requests', 1)]],
      ['budget_exhausted', [limitOf('requests', 1), limitOf('budget_day', 1), limitOf('concurrency', 1)]],
      ['rate', [limitOf('concurrency', 1), limitOf('requests', 1)]],
    ];

    it.each(reasons)('give %s as the reason when it is the gravest', async (cause, limits) => {
      await store.reserve(
        'filler',
        requestOf(limits.filter(({ dimension }) => ['requests', 'concurrency'].includes(dimension))),
      );
      const decision = await store.reserve('a', requestOf(limits, { outputTokens: 101, costNanoUsd: 2 }));
      expect(refusalOf(decision)).toMatchObject({ cause });
    });

    it('give the longest of the waits', async () => {
      const limits = [limitAt('tenant', 'requests', 60), limitAt('key', 'requests', 6)];
      for (let index = 0; index < 6; index += 1) await store.reserve(String(index), requestOf(limits));
      expect(refusalOf(await store.reserve('a', requestOf(limits)))).toMatchObject({
        limit: limits[1],
        retryAfterMs: 10_000,
      });
    });
  });

  describe('one id', () => {
    const limits = [limitOf('requests', 10), limitOf('concurrency', 10), limitOf('budget_total', 1_000)];
    const request = requestOf(limits, { costNanoUsd: 100 });

    it('takes once however often it is reserved', async () => {
      const first = await store.reserve('a', request);
      expect(await store.reserve('a', request)).toEqual(first);
      expect(await remaining(...limits)).toEqual([9, 9, 900]);
    });

    it('is granted again even when there would be no room for another', async () => {
      const tight = requestOf([limitOf('concurrency', 1)]);
      await store.reserve('a', tight);
      expect(await store.reserve('a', tight)).toMatchObject({ granted: true, shadowed: [] });
    });

    it('settles once: what comes afterwards changes nothing', async () => {
      await store.reserve('a', request);
      await store.settle('a', demandOf({ costNanoUsd: 40 }));
      await store.settle('a', demandOf({ costNanoUsd: 40 }));
      await store.release('a');
      expect(await remaining(...limits)).toEqual([9, 10, 960]);
    });

    it('is not released after it was settled, nor settled after it was released', async () => {
      await store.reserve('a', request);
      await store.release('a');
      await store.settle('a', demandOf({ costNanoUsd: 40 }));
      expect(await remaining(...limits)).toEqual([10, 10, 1_000]);
    });

    it.each([
      ['settlement', (id: string) => store.settle(id, demandOf({ costNanoUsd: 40 }))],
      ['release', (id: string) => store.release(id)],
    ])('takes nothing when its %s came first', async (_what, end) => {
      await end('a');
      expect((await store.reserve('a', request)).granted).toBe(true);
      expect(await remaining(...limits)).toEqual([10, 10, 1_000]);
    });

    it('may be tried again after it was refused', async () => {
      const tight = requestOf([limitOf('requests', 1)]);
      await store.reserve('filler', tight);
      expect((await store.reserve('a', tight)).granted).toBe(false);
      await advance(MINUTE_MS);
      expect((await store.reserve('a', tight)).granted).toBe(true);
      expect((await store.reserve('b', tight)).granted).toBe(false);
    });
  });
}
