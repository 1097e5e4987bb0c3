import { runAlerts } from '../jobs/alerts.js';
import { runDeliverAlerts } from '../jobs/deliver-alerts.js';
import { runExpireKeys } from '../jobs/expire-keys.js';
import { runReconcile } from '../jobs/reconcile.js';
import { runRetention } from '../jobs/retention.js';
import { runRollups } from '../jobs/rollups.js';
import { runProbes } from '../probes/run-probes.js';
import type { MaintenanceJob } from './context.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** All of maintenance, whatever makes it run. */
export const MAINTENANCE: readonly MaintenanceJob[] = [
  // It waits for a quarter of a minute before it compares: what was lost is back within a whole one.
  { name: 'reconcile', everyMs: 45 * SECOND_MS, run: runReconcile },
  { name: 'alerts', everyMs: MINUTE_MS, run: runAlerts },
  { name: 'deliver-alerts', everyMs: 10 * SECOND_MS, run: runDeliverAlerts },
  { name: 'probes', everyMs: 10 * SECOND_MS, run: runProbes },
  { name: 'expire-keys', everyMs: MINUTE_MS, run: runExpireKeys },
  { name: 'rollups', everyMs: HOUR_MS, run: runRollups },
  { name: 'retention', everyMs: HOUR_MS, run: runRetention },
];
