import { cleanText } from './clean-text.js';

/**
 * Values of a record on their way into a row. Records come from files, so their type is no proof, and the two databases
 * differ in what they refuse. Each function throws `RangeError` that names the field.
 */

const INT2_MAX = 2 ** 15 - 1;
const INT4_MAX = 2 ** 31 - 1;

/** Bounds of a PostgreSQL `integer` and of what a `number` tells exactly. */
export function count(field: string, value: unknown, max: number = INT4_MAX): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw fault(field, value, `a whole number from 0 to ${max}`);
}

export function amount(field: string, value: unknown): number {
  return count(field, value, Number.MAX_SAFE_INTEGER);
}

export function statusCode(field: string, value: unknown): number | null {
  return value === null ? null : count(field, value, INT2_MAX);
}

/** Milliseconds as whole tenths. */
export function tenths(field: string, ms: unknown): number {
  return count(field, typeof ms === 'number' ? Math.round(ms * 10) : ms);
}

export function truth(field: string, value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw fault(field, value, 'true or false');
}

export function text(field: string, value: unknown, max?: number): string {
  if (typeof value === 'string') return cleanText(value, max);
  throw fault(field, value, 'text');
}

export function textOrNull(field: string, value: unknown, max?: number): string | null {
  return value === null ? null : text(field, value, max);
}

export function fault(field: string, value: unknown, expected: string): RangeError {
  const shown = typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : typeof value;
  return new RangeError(`${field} is ${shown.slice(0, 80)}, not ${expected}.`);
}
