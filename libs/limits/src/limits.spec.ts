import { Limits } from './limits.js';
import { ManualClock } from './testing/manual-clock.js';
import { demandOf, limitOf } from './testing/requests.js';
import type { Demand, Limit } from './types.js';

function local() {
  const clock = new ManualClock();
  const onEvent = (): void => {};
  const limits = Limits.open({ redisUrl: null, strictBudgets: false, instanceId: 'one', onEvent, clock });
  const reserve = (id: string, of: readonly Limit[], demand: Partial<Demand> = {}) =>
    limits.reserve({ id, group: 'acme', limits: of, demand: demandOf(demand) });
  return { clock, limits, reserve };
}

const held = (id: string) => ({ id, group: 'acme' });

describe('limits of one process', () => {
  it('are decided without waiting', () => {
    const { reserve } = local();
    expect(reserve('a', [limitOf('concurrency', 1)])).toMatchObject({ granted: true });
    expect(reserve('b', [limitOf('concurrency', 1)])).toMatchObject({ granted: false });
  });

  it('are settled, released, renewed, read and raised like shared ones', async () => {
    const { clock, limits, reserve } = local();
    const of = [limitOf('concurrency', 5), limitOf('budget_total', 1_000)];
    for (const id of ['a', 'b', 'c', 'd']) await reserve(id, of, { costNanoUsd: 100 });
    limits.settle(held('a'), demandOf({ costNanoUsd: 10 }));
    limits.release(held('b'));
    clock.advance(40_000);
    limits.renew([held('c')]);
    clock.advance(40_000);

    const remaining = async () => (await limits.look('acme', of)).map((state) => state.remaining);
    expect(await remaining()).toEqual([4, 790]);
    expect(await limits.raiseSpend('acme', [{ limit: of[1]!, nanoUsd: 300, atMs: 0 }])).toBe(90);
    expect(await remaining()).toEqual([4, 700]);
  });

  it('are ready at once and closed at once', async () => {
    const { limits } = local();
    await limits.whenReady(0);
    expect(limits.status).toMatchObject({ mode: 'local', breaker: 'closed', pendingSettles: 0, instances: 1 });
    await limits.close();
  });
});

describe('a request', () => {
  it('without limits is granted by nobody, at the time of the store', () => {
    const { clock, reserve } = local();
    expect(reserve('a', [])).toEqual({ granted: true, serverTimeMs: clock.wallMs(), states: [], shadowed: [] });
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, Number.MAX_SAFE_INTEGER + 1])(
    'is not measured by a limit of %d, which no count can be compared with',
    async (limit) => {
      const { limits, reserve } = local();
      expect(() => reserve('a', [limitOf('requests', limit)])).toThrow(RangeError);
      await expect(limits.look('acme', [limitOf('requests', limit)])).rejects.toThrow(RangeError);
    },
  );

  it('may have a budget of nothing', () => {
    const { reserve } = local();
    expect(reserve('a', [limitOf('budget_day', 0)])).toMatchObject({ granted: true });
  });

  it.each([-1, 0.5, Number.NaN, Infinity])('cannot ask for %d', (amount) => {
    const { reserve } = local();
    expect(() => reserve('a', [limitOf('budget_day', 10)], { costNanoUsd: amount })).toThrow(RangeError);
    expect(() => reserve('a', [limitOf('output_tokens', 10)], { outputTokens: amount })).toThrow(RangeError);
  });
});

describe('a floor of spend', () => {
  it.each([
    ['a limit that is no budget', limitOf('requests', 10), 5],
    ['an amount that is none', limitOf('budget_day', 10), -5],
    ['an amount that is not whole', limitOf('budget_day', 10), 0.5],
  ])('is refused for %s', async (_what, limit, nanoUsd) => {
    const { limits } = local();
    await expect(limits.raiseSpend('acme', [{ limit, nanoUsd, atMs: 0 }])).rejects.toThrow(RangeError);
  });
});
