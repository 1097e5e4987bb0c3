import { ATTEMPTS_MAX, AlertOutbox } from '../alerts/alert-outbox.js';
import type { AlertKey, PendingAlert } from '../alerts/alert-outbox.js';
import { webhookCall } from '../alerts/webhook.js';
import { failureReason } from '../failure-reason.js';
import type { AlertTarget, MaintenanceContext } from '../maintenance/context.js';
import type { JobReport } from '../maintenance/event.js';

/** Calls under way at once. */
const CALLS_MAX = 8;

type Outcome = 'sent' | 'failed' | 'dead' | 'passed';

/**
 * Delivers the alerts that are due, each at most `ATTEMPTS_MAX` times. A receiver may see one twice, when a process dies
 * between its call and noting it: the `id` in the body is the same.
 */
export async function runDeliverAlerts(context: MaintenanceContext, signal: AbortSignal): Promise<JobReport> {
  const counts: Record<Outcome, number> = { sent: 0, failed: 0, dead: 0, passed: 0 };
  const { alerts: target } = context;
  if (target !== null) {
    const outbox = new AlertOutbox(context.database);
    const due = (await outbox.due(context.now(), context.random)).values();
    // The lanes share one iterator: each takes the next alert when it is done with one.
    const lane = async (): Promise<void> => {
      for (const alert of due) {
        if (signal.aborted) return;
        counts[await deliver(alert, target, outbox, context)] += 1;
      }
    };
    // When the database goes away under one lane, the calls of the others are waited for and noted if they can be.
    const lanes = await Promise.allSettled(Array.from({ length: CALLS_MAX }, lane));
    const broken = lanes.find((ended) => ended.status === 'rejected');
    if (broken !== undefined) throw broken.reason;
  }
  return { sent: counts.sent, failed: counts.failed, dead: counts.dead };
}

async function deliver(
  alert: PendingAlert,
  target: AlertTarget,
  outbox: AlertOutbox,
  context: MaintenanceContext,
): Promise<Outcome> {
  const name = nameOf(alert);
  if (alert.attempts >= ATTEMPTS_MAX) {
    // Its last attempt was counted by a process that did not live to tell.
    return giveUp({ alert, attempts: alert.attempts, reason: 'no outcome' }, outbox, context);
  }
  if (!(await outbox.claim(alert, context.now()))) return 'passed';
  const attempts = alert.attempts + 1;
  const reason = await failureOf(target, alert.payload, context);
  if (reason === null) {
    await outbox.end(alert, 'sent');
    context.onEvent({ type: 'alert_sent', alert: name, attempts });
    return 'sent';
  }
  if (attempts >= ATTEMPTS_MAX) return giveUp({ alert, attempts, reason }, outbox, context);
  context.onEvent({ type: 'alert_failed', alert: name, attempts, reason });
  return 'failed';
}

async function giveUp(
  { alert, attempts, reason }: { alert: AlertKey; attempts: number; reason: string },
  outbox: AlertOutbox,
  context: MaintenanceContext,
): Promise<Outcome> {
  await outbox.end(alert, 'dead');
  context.onEvent({ type: 'alert_dead', alert: nameOf(alert), attempts, reason });
  return 'dead';
}

/** `null` = delivered: the receiver answered with a status of success. A redirect is not followed and no success. */
async function failureOf(target: AlertTarget, body: string, context: MaintenanceContext): Promise<string | null> {
  try {
    const status = await context.send(webhookCall(target, body, context.now()));
    return status >= 200 && status < 300 ? null : `status ${status}`;
  } catch (error) {
    return failureReason(error);
  }
}

function nameOf({ level, owner, window_id: window, threshold_permille: permille }: AlertKey): string {
  return `${level}/${owner}/${window}/${permille / 1_000}`;
}
