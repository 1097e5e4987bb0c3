import type { Charge } from '../charges.js';
import { spentOf } from '../charges.js';
import { decisionOf, unavailable } from '../decision.js';
import type { Standing } from '../decision.js';
import { KEPT_MS } from '../lifetimes.js';
import { encoded, limitKey, reservationPrefix } from '../limit-key.js';
import { Leases } from '../local/leases.js';
import { LocalStore } from '../local/local-store.js';
import type { Booking } from '../redis/redis-store.js';
import type { Actual, Decision, Held, LimitState } from '../types.js';
import { isBudget } from '../windows.js';
import { KnownLevels } from './known-levels.js';
import { KnownSpend } from './known-spend.js';
import type { KnownBudget } from './known-spend.js';

/** How a reservation that was admitted here is settled in Redis. */
export interface LocalHold {
  readonly booking: Booking;
  /** It may have been made in Redis as well: the answer did not come. */
  readonly isUncertain: boolean;
  readonly booked: readonly { readonly known: KnownBudget; readonly cost: number }[];
}

export interface LocalShareOptions {
  readonly strictBudgets: boolean;
  /** The store's time as far as known. */
  readonly nowMs: () => number;
  readonly instances: () => number;
}

/** Of a budget that is admitted without Redis, this much stays free: others spend, too. */
const MARGIN = 0.1;
const UNAVAILABLE_MS = 5_000;

/**
 * This process' share of the limits while Redis is away: rates and slots divided by the running instances; of a budget the same
 * share of what is known to be left, less a margin.
 */
export class LocalShare {
  private readonly spend = new KnownSpend();
  private readonly levels = new KnownLevels();
  private readonly twin: LocalStore;
  private readonly holds = new Map<string, LocalHold>();
  private readonly lifetimes = new Leases();
  private lostMs = Infinity;

  constructor(private readonly options: LocalShareOptions) {
    this.twin = new LocalStore(options.nowMs);
  }

  /** Remembers what Redis answered to be left. */
  note(group: string, states: readonly LimitState[], nowMs: number): void {
    this.spend.noteAll(({ limit }) => limitKey(group, limit), states, nowMs);
    for (const state of states) this.levels.note(limitKey(group, state.limit), { group, state, seenMs: nowMs });
  }

  /** From now on Redis is away: of what was left in its buckets this process has its share, and not a full one. */
  begin(): void {
    this.lostMs = this.options.nowMs();
    for (const { group, state, seenMs } of this.levels.take()) {
      const { limit } = this.shareOf({ limit: state.limit, cost: 0 });
      this.twin.goOnFrom(group, limit, state.remaining / this.options.instances(), seenMs);
    }
  }

  reserve(held: Held, charges: readonly Charge[], isUncertain: boolean): Decision {
    const nowMs = this.options.nowMs();
    const budgets = charges.flatMap((charge) => this.budgetOf(held.group, charge, nowMs));
    const isKnown = this.twin.knows(held);
    if (!isKnown && !budgets.every((budget) => this.isSafe(budget))) return unavailable(nowMs, UNAVAILABLE_MS);
    const ruling = this.twin.reserve(
      held,
      charges.filter(({ limit }) => !isBudget(limit.dimension)).map((charge) => this.shareOf(charge)),
    );
    if (ruling.granted && !isKnown) this.keep(held, charges, budgets, isUncertain, nowMs);
    const own = ruling.standings.values();
    const standings = charges.map(({ limit }): Standing => {
      if (!isBudget(limit.dimension)) return own.next().value ?? NOTHING;
      return budgetStanding(
        budgets.find((budget) => budget.charge.limit === limit),
        nowMs,
      );
    });
    return decisionOf(charges, { granted: ruling.granted, serverTimeMs: nowMs, standings });
  }

  /** What Redis has to be told of a reservation admitted here; `null` = it was not. */
  end(held: Held, actual: Actual | null): LocalHold | null {
    const name = nameOf(held);
    const hold = this.holds.get(name);
    if (hold === undefined) return null;
    this.holds.delete(name);
    this.lifetimes.drop(name);
    if (actual === null) this.twin.release(held);
    else this.twin.settle(held, actual);
    for (const { known, cost } of hold.booked) known.booked += spentNanoUsd(actual, cost) - cost;
    return hold;
  }

  /** Redis knows it now. */
  delivered(hold: LocalHold, actual: Actual | null): void {
    for (const { known, cost } of hold.booked) {
      const spent = spentNanoUsd(actual, cost);
      known.booked -= spent;
      known.charged += spent;
    }
  }

  /** `null` = it was not admitted here. */
  renew(held: Held): LocalHold | null {
    const hold = this.holds.get(nameOf(held)) ?? null;
    if (hold !== null) this.twin.renew(held);
    return hold;
  }

  private keep(
    held: Held,
    charges: readonly Charge[],
    budgets: readonly BudgetCharge[],
    isUncertain: boolean,
    nowMs: number,
  ): void {
    for (const forgotten of this.lifetimes.lapse(nowMs)) this.holds.delete(forgotten);
    const booked = budgets.flatMap(({ known, charge: { cost } }) => (known === null ? [] : [{ known, cost }]));
    for (const { known, cost } of booked) known.booked += cost;
    const booking: Booking = {
      budgets: charges.map(({ limit }) => limit).filter(({ dimension }) => isBudget(dimension)),
      rates: charges.filter(({ limit }) => !isBudget(limit.dimension) && limit.dimension !== 'concurrency'),
      atMs: nowMs,
      reservedNanoUsd: budgets[0]?.charge.cost ?? 0,
    };
    this.holds.set(nameOf(held), { booking, isUncertain, booked });
    this.lifetimes.hold(nameOf(held), nowMs + KEPT_MS);
  }

  private budgetOf(group: string, charge: Charge, nowMs: number): BudgetCharge[] {
    const { limit } = charge;
    if (!isBudget(limit.dimension)) return [];
    return [{ charge, known: this.spend.current(limitKey(group, limit), limit.dimension, nowMs, this.lostMs) }];
  }

  private isSafe({ charge: { limit, cost }, known }: BudgetCharge): boolean {
    if (limit.mode === 'shadow') return true;
    if (this.options.strictBudgets || known === null) return false;
    const left = Math.floor(limit.limit * (1 - MARGIN)) - known.charged;
    return known.booked + cost <= left / this.options.instances();
  }

  /** A share that is smaller than one request still serves one at a time; what it used beyond is paid back. */
  private shareOf({ limit, cost }: Charge): Charge {
    const share = Math.max(1, Math.floor(limit.limit / this.options.instances()));
    return { limit: { ...limit, limit: share }, cost: cost > limit.limit ? cost : Math.min(cost, share) };
  }
}

interface BudgetCharge {
  readonly charge: Charge;
  readonly known: KnownBudget | null;
}

const NOTHING: Standing = { remaining: 0, resetMs: 0, refusal: null, waitMs: 0 };

function budgetStanding(budget: BudgetCharge | undefined, nowMs: number): Standing {
  const known = budget?.known ?? null;
  if (budget === undefined || known === null) return NOTHING;
  const remaining = budget.charge.limit.limit - known.charged - known.booked;
  return { ...NOTHING, remaining, resetMs: known.endMs === null ? 0 : known.endMs - nowMs };
}

function spentNanoUsd(actual: Actual | null, reserved: number): number {
  return actual === null ? 0 : (spentOf('budget_total', actual) ?? reserved);
}

function nameOf({ group, id }: Held): string {
  return reservationPrefix(group) + encoded(id);
}
