import type { BreakerChange, BreakerState } from './shared/breaker.js';
import type { StoreErrorKind } from './redis/store-error.js';

/** What limits need of the outside, replaceable in tests. */
export interface LimitsClock {
  /** Milliseconds that never run backwards. */
  monotonicMs(): number;
  /** Unix milliseconds. */
  wallMs(): number;
  /** Calls back every `periodMs` until the returned function is called. Must not keep the process alive. */
  every(periodMs: number, callback: () => void): () => void;
}

export interface LimitsOptions {
  /** `null` = limits live in this process alone. */
  readonly redisUrl: string | null;
  /** Admits nothing that has a budget while Redis is away. */
  readonly strictBudgets: boolean;
  /** Tells this process from all others that share the Redis. */
  readonly instanceId: string;
  /** True = admits no requests, so it takes no share of the limits while Redis is away. */
  readonly isObserver?: boolean;
  /** Told of changes, never of single requests. */
  readonly onEvent: (event: LimitsEvent) => void;
  /** The system's clocks when absent. */
  readonly clock?: LimitsClock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Milliseconds until a command to Redis is given up; 50 when absent. */
  readonly commandTimeoutMs?: number;
}

/** `settles_lost`: the queue of settlements is full and drops what comes; said once each time it fills up. */
export type LimitsEvent = BreakerChange | { readonly type: 'settles_lost'; readonly pending: number };

/** How the limits stand, for metrics. Counts are since the start. */
export interface LimitsStatus {
  /** `local`: without Redis. `degraded`: Redis is away, this process keeps its share of the limits by itself. */
  readonly mode: 'local' | 'shared' | 'degraded';
  readonly breaker: BreakerState;
  /** Settlements that Redis has not confirmed. */
  readonly pendingSettles: number;
  /** Settlements dropped because the queue was full. */
  readonly lostSettles: number;
  /** Processes that share the limits, this one included, as last heard. */
  readonly instances: number;
  readonly timeouts: number;
  readonly errors: Readonly<Record<StoreErrorKind, number>>;
  readonly breakerChanges: number;
  readonly degradedDecisions: number;
  /** This process' wall clock minus the store's, milliseconds. */
  readonly clockSkewMs: number;
}

export const SYSTEM_CLOCK: LimitsClock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  every: (periodMs, callback) => {
    const interval = setInterval(callback, periodMs);
    interval.unref();
    return () => {
      clearInterval(interval);
    };
  },
};
