import fc from 'fast-check';
import { parseDecimal, PER_MILLION_TOKENS, PER_UNIT, toPico } from './pico.js';

describe('toPico', () => {
  it.each([
    [5, 5_000_000],
    [0.5, 500_000],
    ['0.5', 500_000],
    [0.1, 100_000],
    [0.003625, 3_625],
    ['0.083333', 83_333],
    ['1e-6', 1],
    [1e-6, 1],
    ['2.50', 2_500_000],
    ['000.1000000000', 100_000],
    [0, 0],
    ['0.000', 0],
    ['0e5', 0],
    ['9007199254.740991', Number.MAX_SAFE_INTEGER],
  ])('converts %p USD per million tokens exactly', (written, pico) => {
    expect(toPico(written, PER_MILLION_TOKENS)).toEqual({ pico });
  });

  it.each([
    [0.01, 10_000_000_000],
    ['0.000000000001', 1],
    ['9007.199254740991', Number.MAX_SAFE_INTEGER],
  ])('converts %p USD per unit exactly', (written, pico) => {
    expect(toPico(written, PER_UNIT)).toEqual({ pico });
  });

  it.each([
    ['0.0000001', PER_MILLION_TOKENS, 'at most 6 decimal places'],
    [1e-13, PER_UNIT, 'at most 12 decimal places'],
    ['9007199254.740992', PER_MILLION_TOKENS, 'at most 9007199254.740991 USD'],
    ['1e300', PER_MILLION_TOKENS, 'at most 9007199254.740991 USD'],
    [9008, PER_UNIT, 'at most 9007.199254740991 USD'],
  ] as const)('refuses %p, which no safe integer of pico-USD can hold', (written, scale, expected) => {
    expect(toPico(written, scale)).toEqual({ expected: expect.stringContaining(expected) as string });
  });

  it('agrees with integer arithmetic whatever the place of the decimal point', () => {
    const price = fc.record({
      micros: fc.integer({ min: 0, max: 9 * 10 ** 9 }),
      places: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(price, ({ micros, places }) => {
        const digits = String(micros).padStart(places + 1, '0');
        const written = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
        expect(toPico(written, PER_MILLION_TOKENS)).toEqual({ pico: micros * 10 ** (6 - places) });
      }),
    );
  });

  it('reads a number as the shortest decimal that is written for it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (micros) => {
        const written = micros / 10 ** 6;
        expect(toPico(written, PER_MILLION_TOKENS)).toEqual({ pico: micros });
      }),
    );
  });
});

describe('parseDecimal', () => {
  it.each([
    -1,
    '-0.5',
    NaN,
    Infinity,
    '',
    ' 1',
    '1,5',
    '0x10',
    '1.',
    '.5',
    'free',
    null,
    undefined,
    true,
    {},
    [1],
    10n,
  ])('takes %p for no price', (value) => {
    expect(parseDecimal(value)).toBeNull();
  });

  it('answers for any value whatever, without throwing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const decimal = parseDecimal(value);
        expect(decimal === null || /^\d*$/.test(decimal.digits)).toBe(true);
      }),
    );
  });
});
