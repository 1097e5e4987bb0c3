import fc from 'fast-check';
import type { Price } from '@switchyard/contract';
import { pricingOf, usdText } from './decimal-price.js';

const UNKNOWN: Price = {
  prompt: null,
  completion: null,
  cacheRead: null,
  cacheWrite: null,
  cacheWrite1h: null,
  reasoning: null,
  audio: null,
  image: null,
  request: null,
  webSearch: null,
};

describe('a price as text', () => {
  it.each([
    [0, '0'],
    [1, '0.000000000001'],
    [2_800, '0.0000000028'],
    [3_000_000, '0.000003'],
    [1_000_000_000_000, '1'],
    [1_500_000_000_000, '1.5'],
    [Number.MAX_SAFE_INTEGER, '9007.199254740991'],
  ])('%d pico-USD is %s USD', (pico, text) => {
    expect(usdText(pico)).toBe(text);
  });

  it('is exact: the digits are those of the integer, and no exponent ever', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (pico) => {
        const [whole = '', fraction = ''] = usdText(pico).split('.');
        expect(BigInt(whole + fraction.padEnd(12, '0'))).toBe(BigInt(pico));
      }),
    );
  });

  it('that is not known is left out, but for the two that every client reads', () => {
    expect(pricingOf(UNKNOWN, [])).toEqual({ prompt: '-1', completion: '-1' });
    expect(pricingOf({ ...UNKNOWN, prompt: 0, image: 1_000_000 }, [])).toEqual({
      prompt: '0',
      completion: '-1',
      image: '0.000001',
    });
  });
});
