import fc from 'fast-check';
import { NO_PRESSURE, nextPressure } from './pressure.js';
import type { Pressure } from './pressure.js';

const LIMITS = { maxLoopDelayMs: 200, maxHeapShare: 0.85 };
const calm = { loopDelayMs: 0, heapShare: 0.3, due: 1 };

/** The pressure after the same reading again and again. */
function after(readings: number, loopDelayMs: number, from: Pressure = NO_PRESSURE): Pressure {
  let pressure = from;
  for (let count = 0; count < readings; count += 1) pressure = nextPressure(pressure, { ...calm, loopDelayMs }, LIMITS);
  return pressure;
}

describe('the pressure on a process', () => {
  it.each<[string, number, number, number, number]>([
    ['nothing is refused at rest', 50, 0, 0, 0],
    ['nothing is refused well below the worst delay', 50, 80, 0, 0],
    ['a single late reading is forgiven, however late', 1, 5_000, 0, 0.11],
    ['a delay that stays is answered within a second', 10, 200, 0.35, 1],
    ['a delay just above the aim is answered in its time', 40, 100, 0.25, 0.8],
    ['some are let in whatever happens', 100, 5_000, 0.98, 0.98],
  ])('%s', (_name, readings, delayMs, least, most) => {
    const { share } = after(readings, delayMs);
    expect(share).toBeGreaterThanOrEqual(least);
    expect(share).toBeLessThanOrEqual(most);
  });

  it('rises as fast in a process that is read late', () => {
    const late = { loopDelayMs: 1_000, heapShare: 0.3, due: 10 };
    const { share } = nextPressure(nextPressure(NO_PRESSURE, late, LIMITS), late, LIMITS);
    expect(share).toBeGreaterThan(0.6);
  });

  it('is gone within three seconds of the load', () => {
    expect(after(30, 0, after(100, 5_000)).share).toBe(0);
  });

  it('settles where the load is borne instead of going from nobody to everybody', () => {
    // A loop that is as late as the load that is let in is above what it can do.
    let pressure = NO_PRESSURE;
    const shares: number[] = [];
    for (let reading = 0; reading < 300; reading += 1) {
      const admitted = 5 * (1 - pressure.share);
      const delayMs = Math.min(2_000, Math.max(0, (admitted - 0.9) * 400));
      pressure = nextPressure(pressure, { ...calm, loopDelayMs: delayMs }, LIMITS);
      if (reading >= 150) shares.push(pressure.share);
    }
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(0.1);
    expect(shares.at(-1)).toBeGreaterThan(0.75);
    expect(shares.at(-1)).toBeLessThan(0.87);
  });

  it.each<[string, readonly number[], boolean, boolean]>([
    ['takes requests below the limit', [0.5, 0.84], false, false],
    ['refuses all above it', [0.5, 0.86], true, false],
    ['is not full and empty by turns', [0.86, 0.83], true, false],
    ['takes requests again well below it', [0.86, 0.79], false, false],
    ['closes connections near its end', [0.86, 0.93], true, true],
    ['keeps connections again after that', [0.93, 0.9], true, false],
  ])('a heap %s', (_name, shares, isHeapFull, closesConnections) => {
    let pressure = NO_PRESSURE;
    for (const heapShare of shares) pressure = nextPressure(pressure, { ...calm, heapShare }, LIMITS);
    expect(pressure).toMatchObject({ isHeapFull, closesConnections, share: 0 });
  });

  it('is a share, whatever is read', () => {
    const readings = fc.record({
      loopDelayMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      heapShare: fc.double({ min: 0, max: 2, noNaN: true }),
      due: fc.double({ min: 0, max: 1e4, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(readings, { maxLength: 50 }), (all) => {
        let pressure = NO_PRESSURE;
        for (const one of all) {
          pressure = nextPressure(pressure, one, LIMITS);
          expect(pressure.share).toBeGreaterThanOrEqual(0);
          expect(pressure.share).toBeLessThanOrEqual(0.98);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
