import { LEASE_MS } from '../lifetimes.js';
import type { Decision, Limit, RefusalCause } from '../types.js';
import { demandOf, limitAt, limitOf, requestOf, shadowOf } from './requests.js';
import { NOON_MS } from './stores.js';
import type { StoreOpener, StoreUnderTest } from './stores.js';

const MIDNIGHT_MS = Date.UTC(2096, 2, 1);
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What every store of limits must do. */
export function describeStore(name: string, open: StoreOpener): void {
  describe(name, () => {
    let store: StoreUnderTest;

    beforeEach(async () => {
      store = await open();
    });

    afterEach(async () => {
      await store.stop();
    });

    const advance = (ms: number): Promise<void> => store.setClock(store.nowMs() + ms);

    const remaining = async (...limits: Limit[]): Promise<number[]> =>
      (await store.look(limits)).map((state) => state.remaining);

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

    describe('a budget', () => {
      const budget = limitOf('budget_total', 1_000);
      const spend = (id: string, costNanoUsd: number, limit = budget): Promise<Decision> =>
        store.reserve(id, requestOf([limit], { costNanoUsd }));

      it('is spent to the last nano-dollar and not beyond', async () => {
        expect((await spend('a', 999)).granted).toBe(true);
        expect((await spend('b', 2)).granted).toBe(false);
        expect((await spend('c', 1)).granted).toBe(true);
        expect(await remaining(budget)).toEqual([0]);
      });

      it('tells money reserved by running requests from money spent', async () => {
        await spend('a', 600);
        expect(refusalOf(await spend('b', 600))).toMatchObject({ cause: 'budget_in_flight', retryAfterMs: 2_000 });
        await store.settle('a', demandOf({ costNanoUsd: 500 }));
        expect(refusalOf(await spend('c', 600))).toMatchObject({ cause: 'budget_exhausted', retryAfterMs: null });
        expect((await spend('d', 500)).granted).toBe(true);
      });

      it('is exhausted for a single request above the whole of it, not too small', async () => {
        expect(refusalOf(await spend('a', 1_001))).toMatchObject({ cause: 'budget_exhausted', needed: 1_001 });
      });

      it('of nothing admits what is free and nothing else', async () => {
        const none = limitOf('budget_total', 0);
        expect((await spend('a', 0, none)).granted).toBe(true);
        expect((await spend('b', 1, none)).granted).toBe(false);
      });

      it('counts what a request did cost, even above what it had reserved', async () => {
        await spend('a', 600);
        await store.settle('a', demandOf({ costNanoUsd: 1_200 }));
        expect(await remaining(budget)).toEqual([-200]);
      });

      it('is exact up to the greatest integer', async () => {
        const vast = limitOf('budget_total', Number.MAX_SAFE_INTEGER);
        await spend('a', Number.MAX_SAFE_INTEGER - 1, vast);
        expect(await remaining(vast)).toEqual([1]);
        expect((await spend('b', 2, vast)).granted).toBe(false);
        await store.settle('a', demandOf({ costNanoUsd: 4_503_599_627_370_497 }));
        expect(await remaining(vast)).toEqual([Number.MAX_SAFE_INTEGER - 4_503_599_627_370_497]);
      });

      it('counts what a dead gateway had reserved as spent, until its recovery says what it was', async () => {
        await spend('a', 600);
        await advance(LEASE_MS);
        expect(refusalOf(await spend('b', 600))).toMatchObject({ cause: 'budget_exhausted' });

        await store.settle('a', demandOf({ costNanoUsd: 100 }));
        expect(await remaining(budget)).toEqual([900]);
        expect(refusalOf(await spend('c', 901))).toMatchObject({ cause: 'budget_exhausted' });
      });

      it('keeps what others hold when a dead request is settled late', async () => {
        await spend('a', 300);
        await advance(LEASE_MS / 2);
        await spend('b', 500);
        await advance(LEASE_MS / 2);
        await spend('c', 100);
        await store.settle('a', demandOf({ costNanoUsd: 300 }));

        expect(refusalOf(await spend('d', 700))).toMatchObject({ cause: 'budget_in_flight' });
      });

      it('counts a request that was thought dead as running again when it is renewed', async () => {
        await spend('a', 600);
        await advance(LEASE_MS);
        await spend('b', 600);
        await store.renew('a');
        expect(refusalOf(await spend('c', 600))).toMatchObject({ cause: 'budget_in_flight' });

        await store.settle('a', demandOf());
        expect((await spend('d', 1_000)).granted).toBe(true);
      });

      it('clears away any number of dead requests', async () => {
        for (let index = 0; index < 100; index += 1) await spend(`dead-${String(index)}`, 10);
        await advance(LEASE_MS);
        for (let index = 0; index < 4; index += 1) await spend(`late-${String(index)}`, 1);

        expect(refusalOf(await spend('next', 1))).toMatchObject({ cause: 'budget_exhausted' });
      });
    });

    describe('a window of money', () => {
      it.each([
        ['day', '2096-02-29T12:00:00.000Z', '2096-03-01T00:00:00.000Z'],
        ['month', '2096-02-29T12:00:00.000Z', '2096-03-01T00:00:00.000Z'],
        ['month', '2097-02-01T00:00:00.000Z', '2097-03-01T00:00:00.000Z'],
        ['month', '2097-12-31T23:59:59.999Z', '2098-01-01T00:00:00.000Z'],
        ['month', '2098-01-01T00:00:00.000Z', '2098-02-01T00:00:00.000Z'],
        ['month', '2100-02-28T12:00:00.000Z', '2100-03-01T00:00:00.000Z'],
        ['month', '2400-02-28T12:00:00.000Z', '2400-03-01T00:00:00.000Z'],
        ['day', '2400-12-31T00:00:00.000Z', '2401-01-01T00:00:00.000Z'],
      ] as const)('of a %s at %s ends at %s, and the next one begins with nothing spent', async (kind, from, to) => {
        const budget = limitOf(`budget_${kind}`, 1_000);
        const toMs = Date.parse(to);
        await store.setClock(Date.parse(from));
        const decision = await store.reserve('a', requestOf([budget], { costNanoUsd: 900 }));
        expect(decision.states).toEqual([{ limit: budget, remaining: 100, resetMs: toMs - Date.parse(from) }]);

        await store.setClock(toMs - 1);
        expect(await remaining(budget)).toEqual([100]);
        await store.setClock(toMs);
        expect(await remaining(budget)).toEqual([1_000]);
      });

      it('has the same number whichever day of the month it is', async () => {
        const budget = limitOf('budget_month', 1_000);
        for (let day = Date.UTC(2099, 0); day < Date.UTC(2101, 0); day += 24 * HOUR_MS) {
          await store.setClock(day);
          const date = new Date(day);
          const nextMonth = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
          expect((await store.look([budget]))[0]?.resetMs).toBe(nextMonth - day);
        }
      });

      it('is not touched by what was reserved in an earlier one', async () => {
        const budget = limitOf('budget_day', 1_000);
        await store.reserve('a', requestOf([budget], { costNanoUsd: 900 }));
        await store.reserve('b', requestOf([budget], { costNanoUsd: 50 }));
        await store.setClock(MIDNIGHT_MS);
        await store.reserve('c', requestOf([budget], { costNanoUsd: 300 }));
        await store.settle('a', demandOf({ costNanoUsd: 5_000 }));
        await store.renew('b');
        await store.release('b');

        expect(await remaining(budget)).toEqual([700]);
        const refused = await store.reserve('d', requestOf([budget], { costNanoUsd: 800 }));
        expect(refusalOf(refused)).toMatchObject({ cause: 'budget_in_flight' });
      });

      it('keeps what it holds when a request of an earlier one turns out to be dead', async () => {
        const budget = limitOf('budget_day', 1_000);
        await store.setClock(MIDNIGHT_MS - 1);
        await store.reserve('a', requestOf([budget], { costNanoUsd: 900 }));
        await advance(LEASE_MS / 2);
        await store.reserve('b', requestOf([budget], { costNanoUsd: 600 }));
        await advance(LEASE_MS / 2);

        const refused = await store.reserve('c', requestOf([budget], { costNanoUsd: 600 }));
        expect(refusalOf(refused)).toMatchObject({ cause: 'budget_in_flight' });
      });

      it('does not begin again when the clock is set back over its beginning', async () => {
        const budget = limitOf('budget_day', 1_000);
        await store.setClock(MIDNIGHT_MS);
        await store.reserve('a', requestOf([budget], { costNanoUsd: 900 }));
        await store.setClock(MIDNIGHT_MS - 1);
        await store.reserve('b', requestOf([budget], { costNanoUsd: 50 }));
        await store.setClock(MIDNIGHT_MS + 1);

        expect(await remaining(budget)).toEqual([50]);
      });

      it('of the whole life never ends', async () => {
        const budget = limitOf('budget_total', 1_000);
        const decision = await store.reserve('a', requestOf([budget], { costNanoUsd: 900 }));
        expect(decision.states[0]?.resetMs).toBe(0);
        await advance(400 * 24 * HOUR_MS);
        expect(await remaining(budget)).toEqual([100]);
      });
    });

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

    describe('spend that only the ledger knows', () => {
      const budget = limitOf('budget_day', 1_000);
      const raise = (nanoUsd: number, atMs = store.nowMs()): Promise<number> =>
        store.raiseSpend([{ limit: budget, nanoUsd, atMs }]);

      it('is counted from then on, and the difference is told once', async () => {
        expect(await raise(700)).toBe(700);
        expect(await raise(700)).toBe(0);
        expect(await remaining(budget)).toEqual([300]);
      });

      it('never lowers what is counted', async () => {
        await store.reserve('a', requestOf([budget], { costNanoUsd: 800 }));
        await store.settle('a', demandOf({ costNanoUsd: 800 }));
        expect(await raise(300)).toBe(0);
        expect(await remaining(budget)).toEqual([200]);
      });

      it('does not count a running request twice that is in the ledger already', async () => {
        await store.reserve('a', requestOf([budget], { costNanoUsd: 400 }));
        await raise(350);
        await store.settle('a', demandOf({ costNanoUsd: 350 }));
        await advance(LEASE_MS);
        await raise(350);
        expect(await remaining(budget)).toEqual([650]);
      });

      it('is added to what runs once everything in it must have been settled', async () => {
        await store.reserve('a', requestOf([budget], { costNanoUsd: 200 }));
        expect(await raise(500)).toBe(300);
        await advance(LEASE_MS / 2);
        await store.renew('a');
        expect(await raise(500)).toBe(0);
        await advance(LEASE_MS / 2);
        expect(await raise(500)).toBe(200);
        expect(await remaining(budget)).toEqual([300]);
        await store.settle('a', demandOf({ costNanoUsd: 50 }));
        expect(await remaining(budget)).toEqual([450]);
      });

      it('is not carried into another window', async () => {
        await store.setClock(MIDNIGHT_MS);
        expect(await raise(700, MIDNIGHT_MS - 1)).toBe(0);
        expect(await remaining(budget)).toEqual([1_000]);
        expect(await raise(10)).toBe(10);
      });

      it('answers the largest of several differences', async () => {
        const total = limitOf('budget_total', 1_000);
        const floors = [
          { limit: budget, nanoUsd: 10, atMs: store.nowMs() },
          { limit: total, nanoUsd: 500, atMs: store.nowMs() },
        ];
        expect(await store.raiseSpend(floors)).toBe(500);
        expect(await remaining(budget, total)).toEqual([990, 500]);
      });
    });
  });
}

function refusalOf(decision: Decision): unknown {
  return decision.granted ? null : decision.refusal;
}
