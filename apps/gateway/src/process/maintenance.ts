import type { Limits } from '@switchyard/limits';
import type { Metrics } from '@switchyard/telemetry';
import type { MaintenanceContext } from '../../../worker/src/maintenance/context.js';
import type { MaintenanceEvent } from '../../../worker/src/maintenance/event.js';
import { budgetGroups, spendOf } from '../../../worker/src/jobs/budgets.js';
import { MAINTENANCE } from '../../../worker/src/maintenance/jobs.js';
import { logMaintenance } from '../../../worker/src/maintenance/log-event.js';
import { MaintenanceTimers } from '../../../worker/src/maintenance/timers.js';
import { MAINTENANCE_TOOLS } from '../../../worker/src/maintenance/tools.js';
import type { Loaded } from '../control/runtime-state.js';
import type { Bookkeeping } from './bookkeeping.js';
import { budgetedGroups } from './budgeted-groups.js';
import type { ProcessLog } from './process-log.js';
import type { GroupSpend } from './worker-messages.js';

export interface MaintenanceParts {
  readonly books: Bookkeeping;
  readonly limits: Pick<Limits, 'look' | 'raiseSpend'>;
  readonly loaded: () => Loaded;
  readonly metrics: Metrics;
  readonly log: ProcessLog;
}

/** What the jobs of maintenance work with in this process. */
export function maintenanceContext({ books, limits, loaded, metrics, log }: MaintenanceParts): MaintenanceContext {
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
      observe(metrics, event);
    },
  };
}

/** Maintenance on timers of this process, for deployments without a queue that a worker could run it from. */
export function maintenanceTimers(context: MaintenanceContext): MaintenanceTimers {
  return new MaintenanceTimers(MAINTENANCE, context);
}

/** What the budgets of everybody were spent, according to the ledger. */
export async function ledgerSpend(context: MaintenanceContext, loaded: Loaded): Promise<readonly GroupSpend[]> {
  const groups = budgetedGroups(loaded);
  if (groups.length === 0) return [];
  const atMs = context.now();
  const spends = await spendOf(context, await budgetGroups(context));
  return groups.map(({ group }) => ({
    group,
    floors: spends
      .filter((spend) => spend.group === group)
      .map(({ budget, nanoUsd }) => ({ limit: budget, nanoUsd, atMs })),
  }));
}

function observe(metrics: Metrics, event: MaintenanceEvent): void {
  if (event.type !== 'job_done') return;
  const { report } = event;
  if (event.job === 'reconcile') metrics.set('switchyard_budget_drift_usd', {}, report['drift_nano_usd'] ?? 0);
  if (event.job === 'rollups') metrics.set('switchyard_ledger_unreconciled', {}, report['drift_rows'] ?? 0);
}
