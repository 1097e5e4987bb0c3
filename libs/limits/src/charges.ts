import type { Actual, Demand, Dimension, Limit, ReserveRequest } from './types.js';
import { isBudget } from './windows.js';

/** What one reservation takes of one limit. */
export interface Charge {
  readonly limit: Limit;
  readonly cost: number;
}

/** Throws `RangeError` for a limit or a demand that is no count: nothing may be admitted under a limit that cannot be compared. */
export function chargesOf({ limits, demand }: ReserveRequest): Charge[] {
  return limits.map((limit) => {
    assertLimit(limit);
    const cost = costOf(limit.dimension, demand);
    if (!isCount(cost)) throw new RangeError(`the demand of ${limit.dimension} must be a safe integer of at least 0`);
    return { limit, cost };
  });
}

export function assertLimit({ limit, dimension }: Limit): void {
  const isValid = isCount(limit) && (limit > 0 || isBudget(dimension));
  if (!isValid) throw new RangeError(`a limit of ${dimension} must be a positive safe integer, not ${String(limit)}`);
}

/** What is finally taken; `null` = what was reserved. A request stays counted once it was made. */
export function spentOf(dimension: Dimension, actual: Actual): number | null {
  if (dimension === 'requests' || dimension === 'concurrency') return null;
  const spent = costOf(dimension, actual);
  // An amount that is none must not give anything back.
  return isCount(spent) ? spent : null;
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function costOf(dimension: Dimension, demand: Demand): number {
  switch (dimension) {
    case 'requests':
    case 'concurrency':
      return 1;
    case 'input_tokens':
      return demand.inputTokens;
    case 'output_tokens':
      return demand.outputTokens;
    default:
      return demand.costNanoUsd;
  }
}
