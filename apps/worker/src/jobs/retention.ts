import { AlertOutbox } from '../alerts/alert-outbox.js';
import type { MaintenanceContext } from '../maintenance/context.js';
import type { JobReport } from '../maintenance/event.js';

const DAY_MS = 86_400_000;
/** Records removed by one statement: few enough to hold no lock that anybody would notice. */
const STEP_ROWS = 5_000;
/** Longer than any window but the whole one lasts, and time to look at what was given up. */
const ALERT_DAYS = 100;

/** Removes usage records older than they are to be kept, in steps; sums over them stay. Old alerts go too. */
export async function runRetention(context: MaintenanceContext, signal: AbortSignal): Promise<JobReport> {
  const { requestsDays } = context.retention;
  const alerts = await new AlertOutbox(context.database).forget(context.now() - ALERT_DAYS * DAY_MS);
  let requests = 0;
  if (requestsDays !== null) {
    const beforeMs = context.now() - requestsDays * DAY_MS;
    while (!signal.aborted) {
      const rows = await context.ledger.purge(beforeMs, STEP_ROWS);
      requests += rows;
      if (rows < STEP_ROWS) break;
    }
  }
  return { requests, alerts };
}
