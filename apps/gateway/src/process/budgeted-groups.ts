import { isBudget } from '@switchyard/limits';
import type { Limit } from '@switchyard/limits';
import type { LimitedGroup } from '../../../worker/src/index.js';
import type { Loaded } from '../control/runtime-state.js';

/** Everybody whose spending is limited: the budgets of a tenant and of its keys, which the limits keep together. */
export function budgetedGroups({ callers, limitsOf }: Loaded): readonly LimitedGroup[] {
  const groups = new Map<string, Map<string, Limit>>();
  for (const key of callers.keys) {
    for (const limit of limitsOf(key).all) {
      if (!isBudget(limit.dimension)) continue;
      const group = groups.get(key.tenantId) ?? new Map<string, Limit>();
      groups.set(key.tenantId, group.set(`${limit.level} ${limit.owner} ${limit.dimension}`, limit));
    }
  }
  return [...groups].map(([group, limits]) => ({ group, limits: [...limits.values()] }));
}
