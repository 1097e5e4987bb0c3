import { IdleSweep } from '../local/idle-sweep.js';
import type { LimitState } from '../types.js';
import { isBudget, MINUTE_MS, windowEndMs, windowKindOf, windowOf } from '../windows.js';
import type { BudgetDimension } from '../windows.js';

/** One window of one budget as this process knows it, nano-USD. */
export interface KnownBudget {
  /** According to Redis, reservations of running requests included. */
  charged: number;
  /** Admitted here and not yet known to Redis. */
  booked: number;
  /** Unix milliseconds; `null` = never. */
  readonly endMs: number | null;
  seenMs: number;
}

/** Spend that was not seen for so long before Redis went away says nothing: others may have spent the rest. */
const KNOWN_FOR_MS = 10 * MINUTE_MS;

/** The last known spend of budgets, from which they are admitted while Redis is away. Times are the store's, Unix milliseconds. */
export class KnownSpend {
  private readonly budgets = new Map<string, KnownBudget>();
  private readonly sweep = new IdleSweep(
    this.budgets,
    ({ booked, seenMs }, nowMs) => booked === 0 && nowMs - seenMs > KNOWN_FOR_MS,
  );

  /** From a decision of Redis. */
  note(key: string, { limit, remaining, resetMs }: LimitState, nowMs: number): void {
    const charged = limit.limit - remaining;
    const endMs = limit.dimension === 'budget_total' ? null : nowMs + resetMs;
    const known = this.budgets.get(key);
    if (known?.endMs === endMs) {
      known.charged = charged;
      known.seenMs = nowMs;
      return;
    }
    this.budgets.set(key, { charged, booked: 0, endMs, seenMs: nowMs });
    this.sweep.look(nowMs);
    this.sweep.look(nowMs);
  }

  /** `null` = unknown. A window that began meanwhile begins with nothing spent. `lostMs` is when Redis was last relied on. */
  current(key: string, dimension: BudgetDimension, nowMs: number, lostMs: number): KnownBudget | null {
    const known = this.budgets.get(key);
    if (known === undefined || lostMs - known.seenMs > KNOWN_FOR_MS) return null;
    if (known.endMs === null || nowMs < known.endMs) return known;
    const kind = windowKindOf(dimension);
    const next = { charged: 0, booked: 0, endMs: windowEndMs(kind, windowOf(kind, nowMs)), seenMs: known.seenMs };
    this.budgets.set(key, next);
    return next;
  }

  noteAll(keyOf: (state: LimitState) => string, states: readonly LimitState[], nowMs: number): void {
    for (const state of states) if (isBudget(state.limit.dimension)) this.note(keyOf(state), state, nowMs);
  }
}
