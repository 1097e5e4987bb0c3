import fc from 'fast-check';
import { RollingCounts, RollingSketch } from './rolling.js';

const SLOT_MS = 10;
const SLOTS = 4;

describe('rolling counts', () => {
  it('are those of the slots that the covered time touches, whenever they are read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.nat(3), fc.nat(3)), { maxLength: 40 }),
        fc.nat(60),
        (steps, wait) => {
          const counts = new RollingCounts(SLOT_MS, SLOTS);
          const added: { slot: number; passed: number; failed: number }[] = [];
          let nowMs = 0;
          for (const [pauseMs, passed, failed] of steps) {
            nowMs += pauseMs;
            counts.add(nowMs, passed, failed);
            added.push({ slot: Math.floor(nowMs / SLOT_MS), passed, failed });
          }
          nowMs += wait;
          const covered = added.filter(({ slot }) => slot > Math.floor(nowMs / SLOT_MS) - SLOTS);
          const sum = (of: 'passed' | 'failed'): number => covered.reduce((total, entry) => total + entry[of], 0);
          expect(counts.sums(nowMs)).toEqual({ passed: sum('passed'), failed: sum('failed') });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('begin anew when they are reset', () => {
    const counts = new RollingCounts(SLOT_MS, SLOTS);
    counts.add(5, 2, 1);
    counts.reset();
    counts.add(6, 1, 0);
    expect(counts.sums(6)).toEqual({ passed: 1, failed: 0 });
  });
});

describe('a rolling sketch', () => {
  it('sums the newest slots and forgets the oldest', () => {
    const sketch = new RollingSketch(SLOT_MS, SLOTS);
    sketch.add(5, 1, 2);
    sketch.add(25, 1, 3);
    sketch.add(25, 7, 1);
    expect(sketch.sum(25, SLOTS)).toEqual(
      new Map([
        [1, 5],
        [7, 1],
      ]),
    );
    expect(sketch.sum(25, 2)).toEqual(
      new Map([
        [1, 3],
        [7, 1],
      ]),
    );
    expect(sketch.sum(45, SLOTS)).toEqual(
      new Map([
        [1, 3],
        [7, 1],
      ]),
    );
    expect(sketch.sum(1_000, SLOTS)).toEqual(new Map());
  });
});
