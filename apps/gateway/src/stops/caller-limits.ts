import { DIMENSIONS, isBudget } from '@switchyard/limits';
import type { Dimension, Limit, LimitLevel } from '@switchyard/limits';
import type { LimitMode, LimitRules } from '../config/gateway-config.js';

/** The limits of one caller: those of its tenant and those of its key. */
export interface CallerLimits {
  /** Those in force; empty = nothing is counted for this caller. */
  readonly all: readonly Limit[];
  /** True when one of them bounds spending. */
  readonly hasBudget: boolean;
}

export const NO_LIMITS: CallerLimits = { all: [], hasBudget: false };

export function callerLimits(
  tenant: { readonly id: string; readonly limits: LimitRules | null },
  key: { readonly keyId: string; readonly limits: LimitRules | null },
  mode: LimitMode,
): CallerLimits {
  const all = [...limitsOf('tenant', tenant.id, tenant.limits, mode), ...limitsOf('key', key.keyId, key.limits, mode)];
  return all.length === 0 ? NO_LIMITS : { all, hasBudget: all.some(({ dimension }) => isBudget(dimension)) };
}

/** The limits of a request that only the caller's own accounts can serve: budgets are of what the operator's are charged. */
export function withoutBudgets({ all, hasBudget }: CallerLimits): CallerLimits {
  return hasBudget
    ? { all: all.filter(({ dimension }) => !isBudget(dimension)), hasBudget: false }
    : { all, hasBudget };
}

/** The limits that rules of one level set, in the order of `DIMENSIONS`; none in mode `off`. */
export function limitsOf(level: LimitLevel, owner: string, rules: LimitRules | null, mode: LimitMode): Limit[] {
  const inForce = rules?.mode ?? mode;
  if (rules === null || inForce === 'off') return [];
  return DIMENSIONS.flatMap((dimension) => {
    const limit = valueOf(rules, dimension);
    return limit === null ? [] : [{ level, owner, dimension, limit, mode: inForce }];
  });
}

function valueOf(rules: LimitRules, dimension: Dimension): number | null {
  switch (dimension) {
    case 'requests':
      return rules.requestsPerMinute;
    case 'input_tokens':
      return rules.inputTokensPerMinute;
    case 'output_tokens':
      return rules.outputTokensPerMinute;
    case 'concurrency':
      return rules.concurrency;
    case 'budget_day':
      return rules.budgetNanoUsd.day;
    case 'budget_month':
      return rules.budgetNanoUsd.month;
    case 'budget_total':
      return rules.budgetNanoUsd.total;
  }
}
