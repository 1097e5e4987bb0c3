import type { Charge } from './charges.js';
import type { LimitsStatus } from './limits-options.js';
import type { Actual, Decision, Held, Limit, LimitState, SpendFloor } from './types.js';

/** What stands behind `Limits`: this process alone, or a Redis that is shared. */
export interface Engine {
  readonly status: LimitsStatus;
  /** Unix milliseconds by the store's clock. */
  nowMs(): number;
  reserve(held: Held, charges: readonly Charge[]): Decision | Promise<Decision>;
  settle(held: Held, actual: Actual): void;
  release(held: Held): void;
  renew(held: readonly Held[]): void;
  look(group: string, limits: readonly Limit[]): Promise<readonly LimitState[]>;
  raiseSpend(group: string, floors: readonly SpendFloor[]): Promise<number>;
  whenReady(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}
