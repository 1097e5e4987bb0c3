import type { Charge } from '../charges.js';
import { decisionOf } from '../decision.js';
import type { Engine } from '../engine.js';
import type { LimitsClock, LimitsStatus } from '../limits-options.js';
import type { Actual, Decision, Held, Limit, LimitState, SpendFloor } from '../types.js';
import { LocalStore } from './local-store.js';

const STATUS: LimitsStatus = {
  mode: 'local',
  breaker: 'closed',
  pendingSettles: 0,
  lostSettles: 0,
  instances: 1,
  timeouts: 0,
  errors: { timeout: 0, lost: 0, oom: 0, readonly: 0, loading: 0, misconf: 0, other: 0 },
  breakerChanges: 0,
  degradedDecisions: 0,
  clockSkewMs: 0,
};

/** Limits of a gateway that is one process: decided at once, forgotten when it ends. */
export class LocalLimits implements Engine {
  readonly status = STATUS;
  private readonly store: LocalStore;

  constructor(private readonly clock: LimitsClock) {
    this.store = new LocalStore(() => clock.wallMs());
  }

  nowMs(): number {
    return this.clock.wallMs();
  }

  reserve(held: Held, charges: readonly Charge[]): Decision {
    return decisionOf(charges, this.store.reserve(held, charges));
  }

  settle(held: Held, actual: Actual): void {
    this.store.settle(held, actual);
  }

  release(held: Held): void {
    this.store.release(held);
  }

  renew(held: readonly Held[]): void {
    for (const one of held) this.store.renew(one);
  }

  look(group: string, limits: readonly Limit[]): Promise<readonly LimitState[]> {
    return Promise.resolve(this.store.look(group, limits));
  }

  raiseSpend(group: string, floors: readonly SpendFloor[]): Promise<number> {
    return Promise.resolve(this.store.raiseSpend(group, floors));
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
