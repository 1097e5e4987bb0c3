/** Maintenance of a deployment: run by timers of one process, or by workers that share a queue in Redis. */
export { budgetFloors } from './jobs/budgets.js';
export { MAINTENANCE } from './maintenance/jobs.js';
export { MAINTENANCE_TOOLS } from './maintenance/tools.js';
export { MaintenanceTimers } from './maintenance/timers.js';
export { lastRuns } from './maintenance/reports.js';
export { logMaintenance } from './maintenance/log-event.js';
export { startWorker } from './worker.js';
export type {
  AlertTarget,
  LimitedGroup,
  MaintenanceContext,
  MaintenanceJob,
  MaintenanceTools,
} from './maintenance/context.js';
export type { JobReport, MaintenanceEvent } from './maintenance/event.js';
export type { Probing } from './probes/probing.js';
export type { WorkerOptions } from './worker.js';
