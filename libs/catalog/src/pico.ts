/**
 * Exact conversion of the decimal prices people write into integer pico-USD, by moving the decimal point in the text.
 * No float takes part: 0.0028 USD per million tokens is exactly 2800 pico-USD per token.
 */

/** pico-USD per token in one USD per million tokens, as a power of ten. */
export const PER_MILLION_TOKENS = 6;
/** pico-USD in one USD, as a power of ten. */
export const PER_UNIT = 12;

export type PriceScale = typeof PER_MILLION_TOKENS | typeof PER_UNIT;

/** A non-negative decimal: `digits` x 10^`exponent`. */
export interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

export type PicoResult = { readonly pico: number } | { readonly expected: string };

const DECIMAL = /^(?<whole>\d{1,40})(?:\.(?<fraction>\d{1,40}))?(?:[eE](?<power>[+-]?\d{1,3}))?$/;

/**
 * Reads a number or a decimal string (`"0.25"`, `"1e-7"`); `null` when it is neither, negative or not finite. A number
 * is read from its shortest decimal form, which is the one that was written.
 */
export function parseDecimal(value: unknown): Decimal | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const parts = DECIMAL.exec(String(value))?.groups;
  if (parts === undefined) return null;
  const fraction = parts['fraction'] ?? '';
  const digits = `${parts['whole'] ?? ''}${fraction}`.replace(/^0+/, '');
  return { digits, exponent: Number(parts['power'] ?? 0) - fraction.length };
}

/**
 * USD (per million tokens, or per unit) to integer pico-USD (per token, or per unit).
 *
 * @returns what was expected instead when the value is no decimal, finer than a pico-USD, or above 2^53 - 1 pico-USD.
 */
export function toPico(value: unknown, scale: PriceScale): PicoResult {
  const decimal = parseDecimal(value);
  if (decimal === null) return { expected: 'a price in USD, zero or more' };
  const trailing = /0*$/.exec(decimal.digits)?.[0].length ?? 0;
  const digits = decimal.digits.slice(0, decimal.digits.length - trailing);
  if (digits === '') return { pico: 0 };
  const exponent = decimal.exponent + trailing + scale;
  if (exponent < 0) return { expected: `a price with at most ${String(scale)} decimal places` };
  const tooDear = { expected: `a price of at most ${largest(scale)} USD` };
  if (digits.length + exponent > 16) return tooDear;
  const pico = BigInt(digits + '0'.repeat(exponent));
  return pico > BigInt(Number.MAX_SAFE_INTEGER) ? tooDear : { pico: Number(pico) };
}

/** The largest price that stays a safe integer, in USD. */
function largest(scale: PriceScale): string {
  const digits = String(Number.MAX_SAFE_INTEGER);
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
