import { createHash } from 'node:crypto';
import { usdOfNano } from '@switchyard/metering';
import { AlertOutbox } from '../alerts/alert-outbox.js';
import type { NewAlert } from '../alerts/alert-outbox.js';
import type { MaintenanceContext } from '../maintenance/context.js';
import type { JobReport } from '../maintenance/event.js';
import { budgetGroups, spendOf, windowOf } from './budgets.js';
import type { BudgetSpend } from './budgets.js';

const PERMILLE = 1_000;

/** Notices budgets whose spend passed a threshold, each once in a window. What is noticed is delivered by another job. */
export async function runAlerts(context: MaintenanceContext): Promise<JobReport> {
  const { alerts } = context;
  if (alerts === null) return { noticed: 0 };
  const nowMs = context.now();
  const spends = await spendOf(context, await budgetGroups(context), nowMs);
  const passed = spends.flatMap((spend) =>
    alerts.thresholds.filter((threshold) => isPassed(spend, threshold)).map((share) => alertOf(spend, share, nowMs)),
  );
  return { noticed: await new AlertOutbox(context.database).add(passed, nowMs) };
}

function isPassed({ nanoUsd, budget }: BudgetSpend, threshold: number): boolean {
  return nanoUsd > 0 && nanoUsd >= threshold * budget.limit;
}

function alertOf({ budget, nanoUsd }: BudgetSpend, threshold: number, nowMs: number): NewAlert {
  const { level, owner, dimension, limit } = budget;
  const window = windowOf(dimension, nowMs);
  return {
    level,
    owner,
    window_id: window,
    threshold_permille: Math.round(threshold * PERMILLE),
    payload: JSON.stringify({
      id: alertId([level, owner, window, String(threshold)]),
      type: 'budget.threshold',
      level,
      owner,
      window,
      threshold,
      spent_usd: usdOfNano(nanoUsd),
      limit_usd: usdOfNano(limit),
      at: new Date(nowMs).toISOString(),
    }),
  };
}

/** The same for the same alert, so that a receiver that is called twice can tell. */
function alertId(parts: readonly string[]): string {
  return `alert_${createHash('sha256').update(parts.join('/')).digest('hex').slice(0, 32)}`;
}
