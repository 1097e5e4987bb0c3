import type { Dimension, Limits } from '@switchyard/limits';
import type { Ledger } from '@switchyard/metering';
import { MAINTENANCE, MAINTENANCE_TOOLS, MaintenanceTimers, logMaintenance } from '../../../worker/src/index.js';
import type { MaintenanceContext } from '../../../worker/src/index.js';
import type { Loaded } from '../control/runtime-state.js';
import type { OwnerSpend } from '../control/ledger-reader.js';
import type { Bookkeeping } from './bookkeeping.js';
import { budgetedGroups } from './budgeted-groups.js';
import type { ProcessLog } from './process-log.js';
import type { GroupSpend } from './worker-messages.js';

export interface MaintenanceParts {
  readonly books: Bookkeeping;
  readonly limits: Pick<Limits, 'look' | 'raiseSpend'>;
  readonly loaded: () => Loaded;
  readonly log: ProcessLog;
}

/** What the jobs of maintenance work with in this process. */
export function maintenanceContext({ books, limits, loaded, log }: MaintenanceParts): MaintenanceContext {
  return {
    ...MAINTENANCE_TOOLS,
    database: books.database,
    ledger: books.ledger,
    limits,
    budgetedOwners: () => Promise.resolve(budgetedGroups(loaded())),
    get alerts() {
      return loaded().config.alerts;
    },
    get retention() {
      return loaded().config.retention;
    },
    onEvent: (event) => {
      logMaintenance(log.logger, event);
    },
  };
}

/** Maintenance on timers of this process, for deployments without a queue that a worker could run it from. */
export function maintenanceTimers(context: MaintenanceContext): MaintenanceTimers {
  return new MaintenanceTimers(MAINTENANCE, context);
}

/** What the budgets of everybody were spent, according to the ledger. */
export async function ledgerSpend(ledger: Pick<Ledger, 'spend'>, loaded: Loaded): Promise<readonly GroupSpend[]> {
  const groups = budgetedGroups(loaded);
  const owners = new Map<string, { readonly level: 'tenant' | 'key'; readonly id: string }>();
  for (const { level, owner } of groups.flatMap(({ limits }) => limits)) {
    if (level !== 'credential') owners.set(`${level} ${owner}`, { level, id: owner });
  }
  if (owners.size === 0) return [];
  const atMs = Date.now();
  const spends = await ledger.spend([...owners.values()], atMs);
  const spendOf = new Map(spends.map((spend) => [`${spend.level} ${spend.id}`, spend]));
  return groups.map(({ group, limits }) => ({
    group,
    floors: limits.map((limit) => {
      const spend = spendOf.get(`${limit.level} ${limit.owner}`);
      return { limit, nanoUsd: spend === undefined ? 0 : (SPENT[limit.dimension]?.(spend) ?? 0), atMs };
    }),
  }));
}

const SPENT: Readonly<Partial<Record<Dimension, (spend: OwnerSpend) => number>>> = {
  budget_day: (spend) => spend.dayNanoUsd,
  budget_month: (spend) => spend.monthNanoUsd,
  budget_total: (spend) => spend.totalNanoUsd,
};
