import type { SpendFloor } from '@switchyard/limits';
import type { MaintenanceContext } from '../maintenance/context.js';
import type { JobReport } from '../maintenance/event.js';
import { budgetFloors } from './budgets.js';

/**
 * Between the sums of the ledger and what the limiter makes of them. After Redis was away, every gateway tells it what was
 * spent meanwhile, which the ledger knows by then: told by both, it would count twice.
 */
const SETTLE_MS = 15_000;

/**
 * Brings the limiter's spend up to what the ledger knows, which counts when the limiter lost what it held (a failover, a
 * lost disk). Spend is only ever raised: requests that run are in the limiter and not in the ledger yet.
 */
export async function runReconcile(context: MaintenanceContext, signal: AbortSignal): Promise<JobReport> {
  const { dead } = await context.ledger.counts();
  const groups = await budgetFloors(context, context.now());
  // Rejects while the limiter is away: it must be there for the whole of the time that follows.
  for (const { group, floors } of groups) {
    await context.limits.look(
      group,
      floors.map(({ limit }) => limit),
    );
  }
  if (groups.length > 0) await context.wait(SETTLE_MS, signal);
  let driftNanoUsd = 0;
  for (const { group, floors } of groups) driftNanoUsd = Math.max(driftNanoUsd, await raise(context, group, floors));
  return { groups: groups.length, drift_nano_usd: driftNanoUsd, records_set_aside: dead };
}

async function raise(
  { limits, onEvent }: MaintenanceContext,
  group: string,
  floors: readonly SpendFloor[],
): Promise<number> {
  const nanoUsd = await limits.raiseSpend(group, floors);
  if (nanoUsd > 0) onEvent({ type: 'budget_drift', group, nanoUsd });
  return nanoUsd;
}
