import fc from 'fast-check';
import { RollingSum } from './rolling-sum.js';

const WINDOW_MS = 60_000;

describe('a rolling sum', () => {
  it('counts what was added for at least the window and at most a sixth of it longer', () => {
    const step = fc.record({
      amount: fc.integer({ min: 0, max: 1_000 }),
      afterMs: fc.integer({ min: 0, max: 40_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 100_000 }), (steps, startMs) => {
        let now = startMs;
        const sum = new RollingSum(WINDOW_MS, now);
        const added: { readonly amount: number; readonly atMs: number }[] = [];
        const within = (windowMs: number): number =>
          added.filter(({ atMs }) => atMs > now - windowMs).reduce((total, { amount }) => total + amount, 0);
        for (const { amount, afterMs } of steps) {
          now += afterMs;
          sum.add(amount, now);
          added.push({ amount, atMs: now });
          expect(sum.at(now)).toBeGreaterThanOrEqual(within(WINDOW_MS));
          expect(sum.at(now)).toBeLessThanOrEqual(within((WINDOW_MS * 7) / 6));
        }
      }),
      { numRuns: 500 },
    );
  });
});
