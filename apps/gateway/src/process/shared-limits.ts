import type { Actual, Held, Limit, LimitState, Limits, SpendFloor } from '@switchyard/limits';
import type { GroupSpend } from './worker-messages.js';

/** The limits as the supervisor needs them: to settle for the dead, and to compare with the ledger. */
export type SupervisedLimits = Pick<Limits, 'settle' | 'look' | 'raiseSpend'>;

/**
 * Limits that live in the memory of the one worker. What a worker held died with it and need not be settled; its
 * successor is told what the ledger knows.
 */
export class WorkerLimits implements SupervisedLimits {
  constructor(private readonly tell: (spend: readonly GroupSpend[]) => void) {}

  settle(_held: Held, _actual: Actual): void {
    // The reservation is gone with the process that held it.
  }

  look(_group: string, _limits: readonly Limit[]): Promise<readonly LimitState[]> {
    return Promise.resolve([]);
  }

  /** The worker compares for itself, and reports what it repairs. */
  raiseSpend(group: string, floors: readonly SpendFloor[]): Promise<number> {
    this.tell([{ group, floors }]);
    return Promise.resolve(0);
  }
}
