import { isBudget as isMoney } from '@switchyard/limits';
import type { BudgetDimension, Limit, SpendFloor } from '@switchyard/limits';
import type { Spend } from '@switchyard/metering';
import type { MaintenanceContext } from '../maintenance/context.js';

/** A limit in nano-USD of a tenant or key. */
export interface Budget extends Limit {
  readonly level: 'tenant' | 'key';
  readonly dimension: BudgetDimension;
}

/** The budgets that are counted together, under one hash tag of the limiter. */
export interface BudgetGroup {
  readonly group: string;
  readonly budgets: readonly Budget[];
}

/** What was spent of a budget by the records in the ledger. */
export interface BudgetSpend {
  readonly group: string;
  readonly budget: Budget;
  readonly nanoUsd: number;
}

const SPENT: Readonly<Record<BudgetDimension, (spend: Spend) => number>> = {
  budget_day: (spend) => spend.dayNanoUsd,
  budget_month: (spend) => spend.monthNanoUsd,
  budget_total: (spend) => spend.totalNanoUsd,
};

/** The groups that have budgets. */
export async function budgetGroups({
  budgetedOwners,
}: Pick<MaintenanceContext, 'budgetedOwners'>): Promise<BudgetGroup[]> {
  const groups = await budgetedOwners();
  return groups
    .map(({ group, limits }) => ({ group, budgets: limits.filter(isBudget) }))
    .filter(({ budgets }) => budgets.length > 0);
}

/** The spend of every budget in the window that `nowMs` is in. */
export async function spendOf(
  { ledger }: Pick<MaintenanceContext, 'ledger'>,
  groups: readonly BudgetGroup[],
  nowMs: number,
): Promise<BudgetSpend[]> {
  const owned = groups.flatMap(({ group, budgets }) => budgets.map((budget) => ({ group, budget })));
  const owners = owned.map(({ budget }) => ({ level: budget.level, id: budget.owner }));
  const spends = await ledger.spend(owners, nowMs);
  return owned.map(({ group, budget }, index) => {
    const spend = spends[index];
    return { group, budget, nanoUsd: spend === undefined ? 0 : SPENT[budget.dimension](spend) };
  });
}

/** What the ledger knows was spent, as the limiter takes it: for everybody who has a budget. */
export async function budgetFloors(
  context: Pick<MaintenanceContext, 'ledger' | 'budgetedOwners'>,
  nowMs: number,
): Promise<readonly { readonly group: string; readonly floors: readonly SpendFloor[] }[]> {
  const groups = await budgetGroups(context);
  const spends = Map.groupBy(await spendOf(context, groups, nowMs), ({ group }) => group);
  return [...spends].map(([group, own]) => ({
    group,
    floors: own.map(({ budget, nanoUsd }) => ({ limit: budget, nanoUsd, atMs: nowMs })),
  }));
}

/** Names the window that a budget is in: `2026-11-20`, `2026-11` or `total`, by UTC. */
export function windowOf(dimension: BudgetDimension, nowMs: number): string {
  if (dimension === 'budget_total') return 'total';
  return new Date(nowMs).toISOString().slice(0, dimension === 'budget_day' ? 10 : 7);
}

/** A credential has none: what an account at a host may spend is for that host to say. */
function isBudget(limit: Limit): limit is Budget {
  return limit.level !== 'credential' && isMoney(limit.dimension);
}
