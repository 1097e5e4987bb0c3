import { IsOptional, IsString, ValidateNested, validateSync } from 'class-validator';
import fc from 'fast-check';
import { compileCheck } from './compile-check.js';
import { BodyHints, ProviderHints } from './hint-fields.js';
import { nearestKey } from './nearest-key.js';

const QUANTIZATION = fc.constantFrom('fp8', 'mxfp4', 'unknown', 'fp7', '');

/** Values near the borders of what the rules accept, mixed with anything that JSON can hold. */
const VALUE = fc.oneof(
  fc.jsonValue(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(
    'price',
    'exacto',
    'model',
    'none',
    'allow',
    'deny',
    'fallback',
    'sort',
    '',
    ' ',
    '1.5',
    '-1',
    '1e3',
    'NaN',
  ),
  fc.array(QUANTIZATION, { maxLength: 4 }),
  fc.array(fc.oneof(fc.string(), fc.string({ minLength: 120, maxLength: 140 }), fc.integer()), { maxLength: 4 }),
  fc.constant(Array.from({ length: 257 }, () => 'groq')),
  fc.string({ minLength: 250, maxLength: 260 }),
  fc.dictionary(fc.constantFrom('p50', 'p75', 'p90', 'p99', 'p95'), fc.oneof(fc.double(), fc.constant(null)), {
    maxKeys: 3,
  }),
);

describe('compileCheck', () => {
  it.each([ProviderHints, BodyHints])(
    'agrees with class-validator on every value of every property of %p',
    (hintClass) => {
      const check = compileCheck(hintClass);
      const property = fc.constantFrom(...check.properties);
      fc.assert(
        fc.property(property, VALUE, (name, value) => {
          const errors = validateSync(Object.assign(new hintClass(), { [name]: value }));
          expect(check.accepts(name, value)).toBe(errors.length === 0);
        }),
        { numRuns: 4_000 },
      );
    },
  );

  it('knows every property that the class declares rules for', () => {
    expect(compileCheck(ProviderHints).properties).toHaveLength(19);
    expect(compileCheck(BodyHints).properties).toHaveLength(6);
  });

  it('accepts nothing for a property it does not know', () => {
    expect(compileCheck(BodyHints).accepts('toString', 'x')).toBe(false);
  });

  it('refuses at start to compile a decorator that it would not run', () => {
    class Inner {
      @IsString()
      name?: string;
    }
    class Outer {
      @IsOptional()
      @ValidateNested()
      inner?: Inner;
    }
    expect(() => compileCheck(Outer)).toThrow(/cannot be compiled/);
  });
});

describe('nearestKey', () => {
  const known = ['provider_order', 'provider_only', 'provider_zdr'];

  it.each([
    ['provider_onyl', 'provider_only'],
    ['provider_ordre', 'provider_order'],
    ['provider_zdrr', 'provider_zdr'],
    ['PROVIDER_ONLY', 'provider_only'],
  ])('takes %s for %s', (typo, meant) => expect(nearestKey(typo, known)).toBe(meant));

  it('finds a key one edit away from any known one', () => {
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), (key, position) => {
        const at = position % key.length;
        const withoutOne = key.slice(0, at) + key.slice(at + 1);
        expect(nearestKey(withoutOne, known)).toBe(key);
      }),
    );
  });
});
