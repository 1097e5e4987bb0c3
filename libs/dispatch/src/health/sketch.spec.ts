import fc from 'fast-check';
import { Distribution, SKETCH_ERROR, addToSketch, bucketOf } from './sketch.js';
import type { Sketch } from './sketch.js';

const someValues = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

function sketchOf(values: readonly number[]): Sketch {
  const sketch: Sketch = new Map();
  for (const value of values) addToSketch(sketch, bucketOf(value), 1);
  return sketch;
}

describe('sketches', () => {
  it('give every percentile within their error of the exact one', () => {
    fc.assert(
      fc.property(someValues, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sorted = values.toSorted((left, right) => left - right);
        const exact = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
        const found = new Distribution(sketchOf(values)).at(share);
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * SKETCH_ERROR * 1.000_001);
      }),
      { numRuns: 2_000 },
    );
  });

  it('put together are the sketch of all their values', () => {
    fc.assert(
      fc.property(someValues, someValues, (left, right) => {
        const both = sketchOf(left);
        for (const [bucket, count] of sketchOf(right)) addToSketch(both, bucket, count);
        expect(new Map(both)).toEqual(new Map(sketchOf([...left, ...right])));
      }),
      { numRuns: 500 },
    );
  });

  it('keep within their bounds whatever the value', () => {
    for (const value of [1e-300, 1e300, Infinity]) {
      expect(Number.isFinite(new Distribution(sketchOf([value])).at(0.5))).toBe(true);
    }
    expect(new Distribution(new Map()).at(0.5)).toBe(0);
  });
});
