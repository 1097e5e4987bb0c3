import type { Charge } from '../charges.js';
import { KEPT_MS, LEASE_MS, TOMBSTONE_MS } from '../lifetimes.js';
import { Leases } from './leases.js';

/** A charge with the place it was taken from. */
export interface Entry extends Charge {
  readonly key: string;
  /** The window a budget was charged in; 0 for anything else. */
  readonly window: number;
}

export interface Reservation {
  /** Under which its slots are held. */
  readonly name: string;
  readonly entries: readonly Entry[];
  /** The lease ended and was not renewed: its gateway is held to be dead. */
  lapsed: boolean;
}

/** How often what ended is looked for. */
const SWEEP_MS = 1_000;

/** Reservations by name: running, lapsed and waiting for a late settlement, or settled and remembered for a while. */
export class Reservations {
  private readonly reservations = new Map<string, Reservation | 'settled'>();
  private readonly running = new Leases();
  private readonly lapsed = new Leases();
  private readonly settled = new Leases();
  private sweptMs = -Infinity;

  get(name: string): Reservation | 'settled' | undefined {
    return this.reservations.get(name);
  }

  open(reservation: Reservation, nowMs: number): void {
    const { name } = reservation;
    reservation.lapsed = false;
    this.reservations.set(name, reservation);
    this.lapsed.drop(name);
    this.running.hold(name, nowMs + LEASE_MS);
  }

  settle(name: string, nowMs: number): void {
    this.reservations.set(name, 'settled');
    this.running.drop(name);
    this.lapsed.drop(name);
    this.settled.hold(name, nowMs + TOMBSTONE_MS);
    this.sweep(nowMs);
  }

  /** Reservations whose lease ended; each is answered once. */
  lapse(nowMs: number, most: number): readonly Reservation[] {
    return this.running.lapse(nowMs, most).flatMap((name) => {
      const reservation = this.reservations.get(name);
      if (reservation === undefined || reservation === 'settled') return [];
      reservation.lapsed = true;
      this.lapsed.hold(name, nowMs + KEPT_MS);
      return [reservation];
    });
  }

  get size(): number {
    return this.reservations.size;
  }

  private sweep(nowMs: number): void {
    if (Math.abs(nowMs - this.sweptMs) < SWEEP_MS) return;
    this.sweptMs = nowMs;
    for (const leases of [this.settled, this.lapsed]) {
      for (const name of leases.lapse(nowMs)) this.reservations.delete(name);
    }
  }
}
