import { spentOf } from '../charges.js';
import type { Charge } from '../charges.js';
import type { Ruling, Standing } from '../decision.js';
import { LAPSES_PER_RESERVE, LEASE_MS } from '../lifetimes.js';
import { encoded, limitKey, reservationPrefix } from '../limit-key.js';
import type { Actual, Held, Limit, LimitState, SpendFloor } from '../types.js';
import { isBudget, MINUTE_MS, windowKindOf } from '../windows.js';
import { Buckets } from './buckets.js';
import { Budgets, resetMs } from './budgets.js';
import { IdleSweep } from './idle-sweep.js';
import { Leases } from './leases.js';
import { Reservations } from './reservations.js';
import type { Entry, Reservation } from './reservations.js';

/**
 * Limits in the memory of one process: what the scripts do in Redis, by the same rules and held to the same tests. Whatever is idle,
 * settled or past is dropped along the way. `nowMs` answers Unix milliseconds and may be set back.
 */
export class LocalStore {
  private readonly buckets = new Buckets();
  private readonly budgets = new Budgets();
  private readonly slots = new Map<string, Leases>();
  private readonly slotSweep = new IdleSweep(this.slots, (slots, nowMs) => {
    slots.lapse(nowMs);
    return slots.size === 0;
  });
  private readonly reservations = new Reservations();

  constructor(private readonly nowMs: () => number) {}

  /** Takes everything or nothing. A reservation that exists, or did, is granted again and takes nothing. */
  reserve(held: Held, charges: readonly Charge[]): Ruling {
    const nowMs = this.nowMs();
    this.lapse(nowMs, LAPSES_PER_RESERVE);
    const name = nameOf(held);
    const entries = charges.map((charge) => this.entryOf(held.group, charge, nowMs));
    const isKnown = this.reservations.get(name) !== undefined;
    const refusals = isKnown ? [] : entries.map((entry) => this.refusalOf(entry, nowMs));
    const granted = entries.every(({ limit }, index) => limit.mode === 'shadow' || (refusals[index] ?? null) === null);
    if (granted && !isKnown) {
      for (const entry of entries) this.take(name, entry, nowMs);
      this.reservations.open({ name, entries, lapsed: false }, nowMs);
    }
    const standings = entries.map((entry, index) => {
      return { ...this.stateOf(entry.key, entry.limit, nowMs), refusal: null, waitMs: 0, ...refusals[index] };
    });
    return { granted, serverTimeMs: nowMs, standings };
  }

  /** Whether a reservation exists, or did not long ago. */
  knows(held: Held): boolean {
    return this.reservations.get(nameOf(held)) !== undefined;
  }

  settle(held: Held, actual: Actual): void {
    this.end(held, ({ limit: { dimension }, cost }) => spentOf(dimension, actual) ?? cost);
  }

  release(held: Held): void {
    this.end(held, () => 0);
  }

  /** A lapsed reservation runs again, over the limit if need be: the request does run. */
  renew(held: Held): void {
    const nowMs = this.nowMs();
    const reservation = this.reservations.get(nameOf(held));
    if (reservation === undefined || reservation === 'settled') return;
    if (reservation.lapsed) this.hold(reservation, 1, nowMs);
    this.reservations.open(reservation, nowMs);
    for (const { limit, key } of reservation.entries) {
      if (limit.dimension === 'concurrency') this.slotsOf(key).hold(reservation.name, nowMs + LEASE_MS);
    }
  }

  look(group: string, limits: readonly Limit[]): LimitState[] {
    const nowMs = this.nowMs();
    return limits.map((limit) => ({ limit, ...this.stateOf(limitKey(group, limit), limit, nowMs) }));
  }

  raiseSpend(group: string, floors: readonly SpendFloor[]): number {
    const nowMs = this.nowMs();
    this.lapse(nowMs, Infinity);
    const drifts = floors.map(({ limit, ...floor }) => {
      if (!isBudget(limit.dimension)) return 0;
      return this.budgets.raise(limitKey(group, limit), windowKindOf(limit.dimension), floor, nowMs);
    });
    return Math.max(0, ...drifts);
  }

  /** A bucket goes on from what was left of it elsewhere at a time, in tokens; negative for a debt. */
  goOnFrom(group: string, limit: Limit, tokens: number, atMs: number): void {
    this.buckets.goOnFrom(limitKey(group, limit), limit.limit, tokens, atMs);
  }

  /** Entries in memory. */
  get size(): number {
    return this.buckets.size + this.budgets.size + this.slots.size + this.reservations.size;
  }

  private entryOf(group: string, charge: Charge, nowMs: number): Entry {
    const key = limitKey(group, charge.limit);
    const { dimension } = charge.limit;
    const window = isBudget(dimension) ? this.budgets.current(key, windowKindOf(dimension), nowMs).window : 0;
    return { ...charge, key, window };
  }

  private refusalOf({ limit, key, cost }: Entry, nowMs: number): Pick<Standing, 'refusal' | 'waitMs'> | null {
    if (limit.dimension === 'concurrency') {
      return this.slotsTaken(key, nowMs) + 1 > limit.limit ? { refusal: 'concurrency', waitMs: 0 } : null;
    }
    if (!isBudget(limit.dimension)) {
      const missing = cost * MINUTE_MS - this.buckets.level(key, limit.limit, nowMs);
      if (cost > limit.limit) return { refusal: 'too_large', waitMs: 0 };
      return missing > 0 ? { refusal: 'rate', waitMs: Math.ceil(missing / limit.limit) } : null;
    }
    const { charged, held } = this.budgets.current(key, windowKindOf(limit.dimension), nowMs);
    if (charged + cost <= limit.limit) return null;
    return { refusal: charged - held + cost > limit.limit ? 'budget_exhausted' : 'budget_in_flight', waitMs: 0 };
  }

  private take(name: string, { limit, key, cost }: Entry, nowMs: number): void {
    if (limit.dimension === 'concurrency') {
      this.slotsOf(key).hold(name, nowMs + LEASE_MS);
      this.slotSweep.look(nowMs);
      this.slotSweep.look(nowMs);
    } else if (!isBudget(limit.dimension)) this.buckets.take(key, limit, cost, nowMs);
    else {
      const budget = this.budgets.current(key, windowKindOf(limit.dimension), nowMs);
      budget.charged += cost;
      budget.held += cost;
      this.budgets.keep(key, budget, nowMs);
    }
  }

  private stateOf(key: string, { dimension, limit }: Limit, nowMs: number): Pick<Standing, 'remaining' | 'resetMs'> {
    if (dimension === 'concurrency') return { remaining: limit - this.slotsTaken(key, nowMs), resetMs: 0 };
    if (!isBudget(dimension)) {
      const level = this.buckets.level(key, limit, nowMs);
      return { remaining: Math.floor(level / MINUTE_MS), resetMs: Math.ceil((limit * MINUTE_MS - level) / limit) };
    }
    const budget = this.budgets.current(key, windowKindOf(dimension), nowMs);
    return { remaining: limit - budget.charged, resetMs: resetMs(budget, nowMs) };
  }

  private end(held: Held, spentOn: (entry: Entry) => number): void {
    const nowMs = this.nowMs();
    const name = nameOf(held);
    const reservation = this.reservations.get(name);
    if (reservation === 'settled') return;
    this.reservations.settle(name, nowMs);
    if (reservation === undefined) return;
    if (!reservation.lapsed) this.hold(reservation, -1, nowMs);
    for (const entry of reservation.entries) this.correct(name, entry, spentOn(entry) - entry.cost, nowMs);
  }

  private correct(name: string, { limit, key, window }: Entry, difference: number, nowMs: number): void {
    if (limit.dimension === 'concurrency') {
      this.slotsOf(key).drop(name);
      this.slotsTaken(key, nowMs);
    } else if (!isBudget(limit.dimension)) {
      if (difference !== 0) this.buckets.take(key, limit, difference, nowMs);
    } else {
      const budget = this.budgets.current(key, windowKindOf(limit.dimension), nowMs);
      if (budget.window !== window) return;
      budget.charged = Math.max(0, budget.charged + difference);
      this.budgets.keep(key, budget, nowMs);
    }
  }

  private lapse(nowMs: number, most: number): void {
    for (const reservation of this.reservations.lapse(nowMs, most)) this.hold(reservation, -1, nowMs);
  }

  /** Counts what a reservation holds of budgets as held, or no longer. */
  private hold({ entries }: Reservation, sign: 1 | -1, nowMs: number): void {
    for (const { limit, key, cost, window } of entries) {
      if (!isBudget(limit.dimension)) continue;
      const budget = this.budgets.current(key, windowKindOf(limit.dimension), nowMs);
      if (budget.window !== window) continue;
      budget.held = Math.max(0, budget.held + sign * cost);
      this.budgets.keep(key, budget, nowMs);
    }
  }

  private slotsOf(key: string): Leases {
    const slots = this.slots.get(key) ?? new Leases();
    this.slots.set(key, slots);
    return slots;
  }

  private slotsTaken(key: string, nowMs: number): number {
    const slots = this.slots.get(key);
    if (slots === undefined) return 0;
    slots.lapse(nowMs);
    if (slots.size === 0) this.slots.delete(key);
    return slots.size;
  }
}

/** Groups and ids are encoded, so that no two reservations share a name. */
function nameOf({ group, id }: Held): string {
  return reservationPrefix(group) + encoded(id);
}
