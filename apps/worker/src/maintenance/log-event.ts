import type { Logger } from '@switchyard/telemetry';
import type { MaintenanceEvent } from './event.js';

/** One line for each event. */
export function logMaintenance(logger: Logger, event: MaintenanceEvent): void {
  switch (event.type) {
    case 'job_done':
      logger.debug({ job: event.job, report: event.report, duration_ms: event.durationMs }, 'maintenance job done');
      return;
    case 'job_failed':
      logger.error({ job: event.job, err: event.error, duration_ms: event.durationMs }, 'maintenance job failed');
      return;
    case 'rollups_repaired':
      logger.error({ rows: event.rows, nano_usd: event.nanoUsd }, 'sums of the ledger were wrong and made again');
      return;
    case 'budget_drift':
      logger.warn({ group: event.group, nano_usd: event.nanoUsd }, 'spend of a budget was raised to the ledger');
      return;
    case 'alert_sent':
      logger.info({ alert: event.alert, attempts: event.attempts }, 'budget alert delivered');
      return;
    case 'alert_failed':
      logger.warn(
        { alert: event.alert, attempts: event.attempts, reason: event.reason },
        'budget alert not delivered, will be tried again',
      );
      return;
    case 'alert_dead':
      logger.error(
        { alert: event.alert, attempts: event.attempts, reason: event.reason },
        'budget alert not delivered, given up',
      );
  }
}
