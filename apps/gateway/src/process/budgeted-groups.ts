import type { Limit } from '@switchyard/limits';
import type { Loaded } from '../control/runtime-state.js';
import { isBudget } from '../stops/caller-limits.js';

/** The budgets of a tenant and of its keys, which the limits keep together. */
export interface BudgetedGroup {
  readonly group: string;
  readonly limits: readonly Limit[];
}

/** Everybody whose spending is limited. */
export function budgetedGroups({ callers, limitsOf }: Loaded): readonly BudgetedGroup[] {
  const groups = new Map<string, Map<string, Limit>>();
  for (const key of callers.keys) {
    for (const limit of limitsOf(key).all) {
      if (!isBudget(limit)) continue;
      const group = groups.get(key.tenantId) ?? new Map<string, Limit>();
      groups.set(key.tenantId, group.set(`${limit.level} ${limit.owner} ${limit.dimension}`, limit));
    }
  }
  return [...groups].map(([group, limits]) => ({ group, limits: [...limits.values()] }));
}
