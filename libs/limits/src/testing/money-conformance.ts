import { LEASE_MS } from '../lifetimes.js';
import type { Decision } from '../types.js';
import { demandOf, limitOf, requestOf } from './requests.js';
import { refusalOf, storeRig } from './store-rig.js';
import type { StoreOpener } from './stores.js';

const MIDNIGHT_MS = Date.UTC(2096, 2, 1);
const HOUR_MS = 3_600_000;

/** What every store must do with money. */
export function describeMoney(open: StoreOpener): void {
  const { advance, remaining, store } = storeRig(open);

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
}
