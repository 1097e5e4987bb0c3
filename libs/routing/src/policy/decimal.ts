const DECIMAL = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/** Digits of the largest safe integer; a number with more is taken as unbounded. */
const SAFE_DIGITS = 15;

/**
 * `value` x 10^`shift`, rounded down to an integer, computed on the decimal digits that the number prints as. Floats
 * would not do: 0.57 x 1e6 is 569999.9999999999, and a price that equals its cap would be above it.
 * Above 10^15 the answer is `Infinity`.
 */
export function shiftDecimal(value: number, shift: number): number {
  const [, whole = '0', fraction = '', exponent = '0'] = DECIMAL.exec(String(value)) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const zeros = Number(exponent) - fraction.length + shift;
  if (digits.length + zeros > SAFE_DIGITS) return digits === '' ? 0 : Infinity;
  return Number(zeros >= 0 ? digits + '0'.repeat(zeros) : digits.slice(0, zeros));
}
