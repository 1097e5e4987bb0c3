import { chargesOf } from '../charges.js';
import { demandOf, limitOf, requestOf } from '../testing/requests.js';
import type { Decision, Limit } from '../types.js';
import { LocalShare } from './local-share.js';

const NOON_MS = Date.UTC(2026, 10, 20, 12);
const MIDNIGHT_MS = Date.UTC(2026, 10, 21);
const MINUTE_MS = 60_000;

function share({ instances = 1, strictBudgets = false } = {}) {
  const clock = { nowMs: NOON_MS };
  const local = new LocalShare({ strictBudgets, nowMs: () => clock.nowMs, instances: () => instances });
  const held = (id: string) => ({ id, group: 'acme' });
  return {
    clock,
    local,
    /** Redis answered that so much is left. */
    known: (limit: Limit, remaining: number, resetMs = MIDNIGHT_MS - clock.nowMs) =>
      local.note('acme', [{ limit, remaining, resetMs }], clock.nowMs),
    reserve: (id: string, limits: readonly Limit[], costNanoUsd: number): Decision => {
      const request = { ...held(id), ...requestOf(limits, { costNanoUsd }) };
      return local.reserve(held(id), chargesOf(request), false);
    },
    settle: (id: string, costNanoUsd: number) => local.end(held(id), demandOf({ costNanoUsd })),
    release: (id: string) => local.end(held(id), null),
  };
}

const day = limitOf('budget_day', 1_000);

describe("a process' share of a budget", () => {
  it('is what was left when Redis went away, less a tenth of the limit', () => {
    const { local, known, reserve } = share();
    known(day, 400);
    local.begin();
    expect(reserve('a', [day], 301).granted).toBe(false);
    expect(reserve('b', [day], 300).granted).toBe(true);
    expect(reserve('c', [day], 1).granted).toBe(false);
  });

  it('is freed by what a request did not use, or did not do at all', () => {
    const { local, known, reserve, settle, release } = share();
    known(day, 1_000);
    local.begin();
    reserve('a', [day], 500);
    reserve('b', [day], 400);
    settle('a', 100);
    release('b');
    expect(reserve('c', [day], 801).granted).toBe(false);
    expect(reserve('d', [day], 800).granted).toBe(true);
  });

  it('is asked for once, however often a request comes', () => {
    const { local, known, reserve, settle } = share();
    known(day, 1_000);
    local.begin();
    for (let time = 0; time < 3; time += 1) expect(reserve('a', [day], 900).granted).toBe(true);
    settle('a', 0);
    expect(reserve('a', [day], 900).granted).toBe(true);
    expect(reserve('b', [day], 900).granted).toBe(true);
  });

  it('is unknown when the last answer was long before Redis went away, however long it stays away', () => {
    const { clock, local, known, reserve } = share();
    const month = limitOf('budget_month', 1_000);
    known(day, 1_000);
    clock.nowMs += 11 * MINUTE_MS;
    known(month, 1_000, MIDNIGHT_MS - clock.nowMs);
    local.begin();
    clock.nowMs += 60 * MINUTE_MS;
    expect(reserve('a', [day], 1)).toMatchObject({ granted: false, refusal: { cause: 'unavailable' } });
    expect(reserve('b', [month], 1).granted).toBe(true);
  });

  it('begins anew with a window that begins while Redis is away, and late settlements leave it alone', () => {
    const { clock, local, known, reserve, settle } = share();
    clock.nowMs = MIDNIGHT_MS - MINUTE_MS;
    known(day, 500);
    local.begin();
    reserve('a', [day], 400);
    clock.nowMs = MIDNIGHT_MS;
    expect(reserve('b', [day], 900)).toMatchObject({
      granted: true,
      states: [{ remaining: 100, resetMs: 86_400_000 }],
    });
    settle('a', 0);
    expect(reserve('c', [day], 1).granted).toBe(false);
  });

  it('counts what Redis was told as spent there, until Redis answers itself', () => {
    const { local, known, reserve, settle } = share();
    known(day, 1_000);
    local.begin();
    reserve('a', [day], 500);
    const hold = settle('a', 300)!;
    local.delivered(hold, demandOf({ costNanoUsd: 300 }));
    expect(reserve('b', [day], 601).granted).toBe(false);
    known(day, 1_000);
    expect(reserve('c', [day], 900).granted).toBe(true);
  });

  it('takes nothing when another limit refuses', () => {
    const { local, known, reserve } = share();
    const slot = limitOf('concurrency', 1);
    known(day, 1_000);
    local.begin();
    reserve('a', [slot], 0);
    expect(reserve('b', [slot, day], 900)).toMatchObject({ granted: false, refusal: { cause: 'concurrency' } });
    expect(reserve('c', [day], 900).granted).toBe(true);
  });

  it('says what Redis has to be told, and in which window it was', () => {
    const { local, known, reserve, settle } = share();
    known(day, 1_000);
    local.begin();
    reserve('a', [limitOf('requests', 5), day], 500);
    expect(settle('a', 100)).toMatchObject({
      booking: {
        budgets: [day],
        rates: [{ limit: limitOf('requests', 5), cost: 1 }],
        atMs: NOON_MS,
        reservedNanoUsd: 500,
      },
      isUncertain: false,
    });
    expect(settle('a', 100)).toBeNull();
  });
});

describe("a process' share of a rate", () => {
  const rate = limitOf('requests', 60);

  it.each([
    ['what was left of it when Redis went away', 20, 0, 10],
    ['that and what came in since', 20, 20_000, 20],
    ['never more than the share of the whole', 60, 600_000, 30],
    ['nothing while it is in debt', -20, 10_000, 0],
    ['what came in since the debt was paid', -20, 30_000, 5],
  ])('is %s', (_what, remaining, awayMs, admitted) => {
    const { clock, local, known, reserve } = share({ instances: 2 });
    known(rate, remaining, 0);
    local.begin();
    clock.nowMs += awayMs;
    const decisions = Array.from({ length: 100 }, (_, number) => reserve(`request-${String(number)}`, [rate], 0));
    expect(decisions.filter(({ granted }) => granted)).toHaveLength(admitted);
  });

  it('begins full for a caller that was not seen before', () => {
    const { local, reserve } = share({ instances: 2 });
    local.begin();
    const decisions = Array.from({ length: 100 }, (_, number) => reserve(`request-${String(number)}`, [rate], 0));
    expect(decisions.filter(({ granted }) => granted)).toHaveLength(30);
  });

  it('goes on from what it was when Redis goes away again without having been heard', () => {
    const { local, known, reserve } = share();
    known(rate, 20, 0);
    local.begin();
    for (let number = 0; number < 20; number += 1) reserve(`first-${String(number)}`, [rate], 0);
    local.begin();
    expect(reserve('second', [rate], 0).granted).toBe(false);
  });
});
