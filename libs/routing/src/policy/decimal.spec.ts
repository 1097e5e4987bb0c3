import fc from 'fast-check';
import { shiftDecimal } from './decimal.js';

describe('shiftDecimal', () => {
  it.each([
    [0.57, 6, 570_000],
    [1.1, 6, 1_100_000],
    [0.000002, 6, 2],
    [0.0000001, 6, 0],
    [1e-7, 12, 100_000],
    [0, 6, 0],
    [1.23456789, 6, 1_234_567],
    [5e-324, 6, 0],
    [1e21, 6, Infinity],
    [123_456_789, 6, 123_456_789_000_000],
  ])('shifts %d by %d places to %d', (value, shift, result) => {
    expect(shiftDecimal(value, shift)).toBe(result);
  });

  it('is exact for every amount of millionths', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 9 }), (millionths) => {
        const text = `${Math.floor(millionths / 1e6)}.${String(millionths % 1e6).padStart(6, '0')}`;
        expect(shiftDecimal(Number(text), 6)).toBe(millionths);
      }),
    );
  });
});
