import { LEASE_MS } from '../lifetimes.js';
import { demandOf, limitOf, requestOf, shadowOf } from './requests.js';
import { refusalOf, storeRig } from './store-rig.js';
import { NOON_MS } from './stores.js';
import type { StoreOpener } from './stores.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What every store must do with rates and slots. */
export function describeRates(open: StoreOpener): void {
  const { advance, remaining, store } = storeRig(open);

  describe('a bucket of tokens', () => {
    const tokens = limitOf('output_tokens', 600);

    it('begins full and says what is left after the request, and when it is full again', async () => {
      const decision = await store.reserve('a', requestOf([tokens], { outputTokens: 200 }));

      expect(decision).toEqual({
        granted: true,
        serverTimeMs: NOON_MS,
        states: [{ limit: tokens, remaining: 400, resetMs: 20_000 }],
        shadowed: [],
      });
    });

    it('refuses what is not there, and says to the millisecond when it will be', async () => {
      await store.reserve('a', requestOf([tokens], { outputTokens: 600 }));
      const refused = await store.reserve('b', requestOf([tokens], { outputTokens: 25 }));
      expect(refusalOf(refused)).toEqual({ cause: 'rate', limit: tokens, needed: 25, retryAfterMs: 2_500 });

      await advance(2_499);
      expect((await store.reserve('c', requestOf([tokens], { outputTokens: 25 }))).granted).toBe(false);
      await advance(1);
      expect((await store.reserve('d', requestOf([tokens], { outputTokens: 25 }))).granted).toBe(true);
    });

    it('refills without an edge, and never above the limit', async () => {
      await store.reserve('a', requestOf([tokens], { outputTokens: 600 }));
      await advance(MINUTE_MS / 2);
      expect(await remaining(tokens)).toEqual([300]);
      await advance(HOUR_MS);
      expect(await remaining(tokens)).toEqual([600]);
    });

    it('tells a request that can never fit from one that has to wait', async () => {
      await store.reserve('a', requestOf([tokens], { outputTokens: 600 }));

      expect(refusalOf(await store.reserve('b', requestOf([tokens], { outputTokens: 601 })))).toEqual({
        cause: 'too_large',
        limit: tokens,
        needed: 601,
        retryAfterMs: null,
      });
    });

    it('gets back at the settlement what was not used, and keeps the request counted', async () => {
      const limits = [tokens, limitOf('input_tokens', 600), limitOf('requests', 10)];
      await store.reserve('a', requestOf(limits, { outputTokens: 500, inputTokens: 300 }));
      await store.settle('a', { ...demandOf(), outputTokens: 100, inputTokens: 250 });

      expect(await remaining(...limits)).toEqual([500, 350, 9]);
    });

    it('does not overflow when a request settles after it had refilled', async () => {
      await store.reserve('a', requestOf([tokens], { outputTokens: 500 }));
      await advance(MINUTE_MS);
      await store.settle('a', demandOf());

      expect(await remaining(tokens)).toEqual([600]);
    });

    it('goes into debt when more was used than reserved, and serves nobody until it is paid back', async () => {
      await store.reserve('a', requestOf([tokens], { outputTokens: 100 }));
      await store.settle('a', demandOf({ outputTokens: 1_300 }));
      expect(await remaining(tokens)).toEqual([-700]);

      const refused = await store.reserve('b', requestOf([tokens], { outputTokens: 0 }));
      expect(refusalOf(refused)).toMatchObject({ cause: 'rate', retryAfterMs: 70_000 });
      await advance(70_000);
      expect((await store.reserve('c', requestOf([tokens], { outputTokens: 0 }))).granted).toBe(true);
    });

    it('gets everything back when the request is released, the request as well', async () => {
      const limits = [tokens, limitOf('requests', 10)];
      await store.reserve('a', requestOf(limits, { outputTokens: 500 }));
      await store.release('a');

      expect(await remaining(...limits)).toEqual([600, 10]);
    });

    it('keeps as reserved what settles with an amount that is none', async () => {
      const limits = [tokens, limitOf('budget_total', 1_000)];
      await store.reserve('a', requestOf(limits, { outputTokens: 200, costNanoUsd: 300 }));
      await store.settle('a', { inputTokens: 0, outputTokens: Number.NaN, costNanoUsd: -5 });

      expect(await remaining(...limits)).toEqual([400, 700]);
    });

    it('is not emptied and not frozen by a clock that is set back', async () => {
      await store.reserve('a', requestOf([tokens], { outputTokens: 600 }));
      await advance(-HOUR_MS);
      expect(await remaining(tokens)).toEqual([0]);
      await store.reserve('b', requestOf([tokens], { outputTokens: 0 }));
      await advance(SECOND_MS);
      expect(await remaining(tokens)).toEqual([10]);
    });

    it('follows a limit that was changed', async () => {
      await store.reserve('a', requestOf([tokens], { outputTokens: 600 }));
      expect(await remaining({ ...tokens, limit: 6_000 })).toEqual([0]);
      await advance(SECOND_MS);
      expect(await remaining({ ...tokens, limit: 6_000 })).toEqual([100]);
      await advance(HOUR_MS);
      expect(await remaining({ ...tokens, limit: 5 })).toEqual([5]);
    });
  });

  describe('slots', () => {
    const slots = limitOf('concurrency', 2);

    it('are taken by running requests and given back when they end, either way', async () => {
      await store.reserve('a', requestOf([slots]));
      const second = await store.reserve('b', requestOf([slots]));
      expect(second.states).toEqual([{ limit: slots, remaining: 0, resetMs: 0 }]);
      expect(refusalOf(await store.reserve('c', requestOf([slots])))).toMatchObject({
        cause: 'concurrency',
        limit: slots,
        retryAfterMs: 1_000,
      });

      await store.settle('a', demandOf());
      await store.release('b');
      expect(await remaining(slots)).toEqual([2]);
    });

    it('come free when the request is not renewed for a lease', async () => {
      await store.reserve('a', requestOf([slots]));
      await store.reserve('b', requestOf([slots]));
      await advance(LEASE_MS - 1);
      expect(await remaining(slots)).toEqual([0]);
      await advance(1);
      expect(await remaining(slots)).toEqual([2]);
    });

    it('are kept by requests that are renewed, however long they run', async () => {
      await store.reserve('a', requestOf([slots]));
      for (let minutes = 0; minutes < 10; minutes += 1) {
        await advance(40 * SECOND_MS);
        await store.renew('a');
      }
      expect(await remaining(slots)).toEqual([1]);
    });

    it('are taken again, over the limit if need be, by a request that was thought dead and is renewed', async () => {
      await store.reserve('a', requestOf([slots]));
      await advance(LEASE_MS);
      await store.reserve('b', requestOf([slots]));
      await store.reserve('c', requestOf([slots]));
      await store.renew('a');
      expect(await remaining(slots)).toEqual([-1]);

      await store.settle('a', demandOf());
      expect(await remaining(slots)).toEqual([0]);
    });

    it('are not taken by the renewal of a request that ended or never was', async () => {
      await store.reserve('a', requestOf([slots]));
      await store.settle('a', demandOf());
      await store.renew('a');
      await store.renew('unheard of');

      expect(await remaining(slots)).toEqual([2]);
    });
  });

  describe('a limit in shadow', () => {
    it('is counted like any other, refuses nobody and tells whom it would have refused', async () => {
      const limits = [shadowOf('requests', 1), shadowOf('concurrency', 1), shadowOf('budget_day', 100)];
      expect(await store.reserve('a', requestOf(limits, { costNanoUsd: 60 }))).toMatchObject({ shadowed: [] });
      const second = await store.reserve('b', requestOf(limits, { costNanoUsd: 60 }));

      expect(second).toMatchObject({ granted: true, shadowed: limits });
      expect(second.states.map((state) => state.remaining)).toEqual([-1, -1, -20]);
    });

    it('takes nothing when an enforced one refuses, and says what it would have done itself', async () => {
      const shadow = shadowOf('requests', 1);
      const enforced = limitOf('concurrency', 1);
      await store.reserve('a', requestOf([shadow, enforced]));
      const second = await store.reserve('b', requestOf([shadow, enforced]));

      expect(second).toMatchObject({ granted: false, shadowed: [shadow], refusal: { cause: 'concurrency' } });
      expect(await remaining(shadow)).toEqual([0]);
    });

    it('owes one minute at most, so that enforcing it later locks nobody out for long', async () => {
      const shadow = shadowOf('output_tokens', 100);
      for (let index = 0; index < 20; index += 1) {
        await store.reserve(String(index), requestOf([shadow], { outputTokens: 90 }));
      }
      await store.settle('0', demandOf({ outputTokens: 5_000 }));
      expect(await remaining(shadow)).toEqual([-100]);
    });
  });
}
