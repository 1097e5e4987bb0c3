import type { Dimension } from './types.js';

export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The dimensions of money, and the UTC window that each is counted in. */
const WINDOWS = { budget_day: 'day', budget_month: 'month', budget_total: 'total' } as const;
export type BudgetDimension = keyof typeof WINDOWS;
export type WindowKind = (typeof WINDOWS)[BudgetDimension];

export function isBudget(dimension: Dimension): dimension is BudgetDimension {
  return dimension in WINDOWS;
}

export function windowKindOf(dimension: BudgetDimension): WindowKind {
  return WINDOWS[dimension];
}

/** Number of the UTC window that a moment is in: days since 1970, months since year 0, or always 0. Later windows have greater numbers. */
export function windowOf(kind: WindowKind, atMs: number): number {
  if (kind === 'total') return 0;
  if (kind === 'day') return Math.floor(atMs / DAY_MS);
  const date = new Date(atMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Unix milliseconds; `null` = never. */
export function windowEndMs(kind: WindowKind, window: number): number | null {
  if (kind === 'total') return null;
  if (kind === 'day') return (window + 1) * DAY_MS;
  return Date.UTC(Math.floor((window + 1) / 12), (window + 1) % 12);
}
