import { assertLimit, chargesOf, isCount } from './charges.js';
import type { Engine } from './engine.js';
import { SYSTEM_CLOCK } from './limits-options.js';
import type { LimitsOptions, LimitsStatus } from './limits-options.js';
import { LocalLimits } from './local/local-limits.js';
import { SharedLimits } from './shared/shared-limits.js';
import type { Actual, Decision, Held, Limit, LimitState, ReserveRequest, SpendFloor } from './types.js';
import { isBudget } from './windows.js';

const COMMAND_TIMEOUT_MS = 50;

/**
 * Reserves what a request may use before it runs and settles what it did use afterwards. With Redis the limits hold over all
 * gateways that share it; without, over this process.
 */
export class Limits {
  private constructor(private readonly engine: Engine) {}

  /** Connects in the background; `whenReady` waits for it. */
  static open(options: LimitsOptions): Limits {
    const { redisUrl, clock = SYSTEM_CLOCK, random = Math.random, commandTimeoutMs = COMMAND_TIMEOUT_MS } = options;
    if (redisUrl === null) return new Limits(new LocalLimits(clock));
    return new Limits(new SharedLimits({ ...options, redisUrl, clock, random, commandTimeoutMs }));
  }

  /**
   * Takes all of the request's limits or none. Asking again with the same id takes nothing and is granted.
   * Never rejects: a store that is away is a decision, too. Throws `RangeError` for limits and demands that are no counts.
   */
  reserve(request: ReserveRequest): Decision | Promise<Decision> {
    const { id, group } = request;
    if (request.limits.length === 0) {
      return { granted: true, serverTimeMs: this.engine.nowMs(), states: [], shadowed: [] };
    }
    return this.engine.reserve({ id, group }, chargesOf(request));
  }

  /** Replaces what was reserved by what was used. Takes effect once, sooner or later, however often it is called. An amount that is no count is settled as reserved. */
  settle(held: Held, actual: Actual): void {
    this.engine.settle(held, actual);
  }

  /** Gives everything back, the request as well: nothing was done. */
  release(held: Held): void {
    this.engine.release(held);
  }

  /** To be called every `RENEW_MS` for the requests that run: a reservation that is not renewed for 60 s is held to be of a dead gateway. */
  renew(held: readonly Held[]): void {
    this.engine.renew(held);
  }

  /** How limits stand; reserves nothing. Throws `GatewayError(temporarily_unavailable)` while the store is away. */
  async look(group: string, limits: readonly Limit[]): Promise<readonly LimitState[]> {
    for (const limit of limits) assertLimit(limit);
    return limits.length === 0 ? [] : await this.engine.look(group, limits);
  }

  /**
   * Makes the spend of budgets at least what the ledger knows, and answers the largest difference repaired in nano-USD. What
   * running requests hold is added a lease (60 s) after a floor was told: they may be in it. Throws `RangeError` for a limit
   * that is no budget, `GatewayError(temporarily_unavailable)` while the store is away.
   */
  async raiseSpend(group: string, floors: readonly SpendFloor[]): Promise<number> {
    for (const { limit, nanoUsd } of floors) {
      assertLimit(limit);
      if (!isBudget(limit.dimension) || !isCount(nanoUsd)) {
        throw new RangeError('a floor of spend must be a safe integer of at least 0, for a budget');
      }
    }
    return floors.length === 0 ? 0 : await this.engine.raiseSpend(group, floors);
  }

  get status(): LimitsStatus {
    return this.engine.status;
  }

  /** Resolves with the first connection to Redis, or after `timeoutMs`; at once without Redis. */
  whenReady(timeoutMs: number): Promise<void> {
    return this.engine.whenReady(timeoutMs);
  }

  /** Delivers pending settlements as far as Redis answers soon, and disconnects. */
  close(): Promise<void> {
    return this.engine.close();
  }
}
