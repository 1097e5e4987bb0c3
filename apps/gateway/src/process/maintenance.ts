import type { Limits } from '@switchyard/limits';
import { MAINTENANCE, MAINTENANCE_TOOLS, MaintenanceTimers, logMaintenance } from '../../../worker/src/index.js';
import type { MaintenanceContext, Probing } from '../../../worker/src/index.js';
import type { Loaded } from '../control/runtime-state.js';
import type { Bookkeeping } from './bookkeeping.js';
import { budgetedGroups } from './budgeted-groups.js';
import type { ProcessLog } from './process-log.js';

export interface MaintenanceParts {
  readonly books: Bookkeeping;
  readonly limits: Pick<Limits, 'look' | 'raiseSpend'>;
  readonly loaded: () => Loaded;
  readonly probes: Probing;
  readonly log: ProcessLog;
}

/** What the jobs of maintenance work with in this process. */
export function maintenanceContext({ books, limits, loaded, probes, log }: MaintenanceParts): MaintenanceContext {
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
    probes,
    onEvent: (event) => {
      logMaintenance(log.logger, event);
    },
  };
}

/** Maintenance on timers of this process, for deployments without a queue that a worker could run it from. */
export function maintenanceTimers(context: MaintenanceContext): MaintenanceTimers {
  return new MaintenanceTimers(MAINTENANCE, context);
}
