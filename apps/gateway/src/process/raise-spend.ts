import type { Limits } from '@switchyard/limits';
import type { ProcessLog } from './process-log.js';
import type { GroupSpend } from './worker-messages.js';

/** Tells the limits what the ledger knows was spent, so that a start with an empty memory does not give a budget twice. Never rejects. */
export async function raiseSpend(
  limits: Pick<Limits, 'raiseSpend'>,
  spend: readonly GroupSpend[],
  { logger }: ProcessLog,
): Promise<void> {
  for (const { group, floors } of spend) {
    try {
      await limits.raiseSpend(group, floors);
    } catch (error) {
      logger.warn({ err: error }, 'the spend of budgets could not be compared with the ledger');
      return;
    }
  }
}
