import type { Booking } from '../redis/redis-store.js';
import type { Actual, Held } from '../types.js';

/** A reservation that ended, for Redis to know. */
export interface Errand {
  readonly held: Held;
  /** `null` = nothing was used. */
  readonly actual: Actual | null;
  /** Given when it was admitted without Redis. */
  readonly booking: Booking | null;
  /** Called once it took effect. */
  readonly onDelivered?: () => void;
}

export interface OutboxOptions {
  readonly send: (errand: Errand) => Promise<void>;
  /** Whether sending has a chance at all. */
  readonly isOpen: () => boolean;
  /** Told once each time the outbox fills up. */
  readonly onFull: (pending: number) => void;
}

const ERRANDS_MAX = 100_000;
const UNDER_WAY_MAX = 128;

/** Errands kept until Redis confirmed them. Each may be carried out more than once, and takes effect once. */
export class Outbox {
  private waiting: Errand[] = [];
  /** Of `waiting`, those before this were taken. */
  private taken = 0;
  private failed: Errand[] = [];
  private underWay = 0;
  private isFull = false;
  private dropped = 0;
  private onEmpty: (() => void)[] = [];

  constructor(private readonly options: OutboxOptions) {}

  get pending(): number {
    return this.waiting.length - this.taken + this.failed.length + this.underWay;
  }

  get lost(): number {
    return this.dropped;
  }

  /** What came first stays: the reservations made in Redis hold slots there. */
  post(errand: Errand): void {
    if (this.pending >= ERRANDS_MAX) {
      this.dropped += 1;
      if (!this.isFull) this.options.onFull(this.pending);
      this.isFull = true;
      return;
    }
    this.waiting.push(errand);
    this.deliver();
  }

  /** Tries again what failed. */
  retry(): void {
    this.waiting = [...this.failed, ...this.waiting.slice(this.taken)];
    this.taken = 0;
    this.failed = [];
    this.deliver();
  }

  /** Resolves when nothing is pending. */
  whenEmpty(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.onEmpty.push(resolve));
  }

  private deliver(): void {
    while (this.underWay < UNDER_WAY_MAX && this.options.isOpen()) {
      const errand = this.waiting[this.taken];
      if (errand === undefined) break;
      this.taken += 1;
      this.underWay += 1;
      void this.carryOut(errand);
    }
    if (this.taken === this.waiting.length) {
      this.waiting = [];
      this.taken = 0;
    }
  }

  private async carryOut(errand: Errand): Promise<void> {
    try {
      await this.options.send(errand);
      errand.onDelivered?.();
    } catch {
      this.failed.push(errand);
    }
    this.underWay -= 1;
    this.deliver();
    if (this.pending > 0) return;
    this.isFull = false;
    for (const resolve of this.onEmpty.splice(0)) resolve();
  }
}
