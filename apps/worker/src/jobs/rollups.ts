import type { MaintenanceContext } from '../maintenance/context.js';
import type { JobReport } from '../maintenance/event.js';

const LOOK_BACK_MS = 48 * 3_600_000;

/**
 * Compares the sums of the last two days, the running hour included, with the records they are made of, and makes those
 * again that differ. The drift must be 0: anything else is a defect, which this repairs and reports.
 */
export async function runRollups({ ledger, now, onEvent }: MaintenanceContext): Promise<JobReport> {
  const nowMs = now();
  const range = { fromMs: nowMs - LOOK_BACK_MS, toMs: nowMs + 1 };
  const found = await ledger.checkRollups(range);
  if (found.rows === 0) return { drift_rows: 0, drift_nano_usd: 0 };
  const { rows, nanoUsd } = await ledger.rebuildRollups(range);
  onEvent({ type: 'rollups_repaired', rows, nanoUsd });
  return { drift_rows: rows, drift_nano_usd: nanoUsd };
}
