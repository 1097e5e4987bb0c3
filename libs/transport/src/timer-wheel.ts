import { surface } from './surface.js';

/** A running timer. */
export interface TimerHandle {
  /** The callback will not be called. Does nothing when it was, or after an earlier `cancel`. */
  cancel(): void;
  /** Starts the whole delay anew. Does nothing when the timer fired or was cancelled. */
  refresh(): void;
}

/** What a wheel needs of the outside, replaceable in tests. */
export interface WheelClock {
  /** Monotonic, in milliseconds. */
  now(): number;
  /** Calls back every `periodMs` until the returned function is called. Must not keep the process alive. */
  every(periodMs: number, callback: () => void): () => void;
}

export interface TimerWheelOptions {
  /** The system's monotonic clock when absent. */
  readonly clock?: WheelClock;
  /** Told of exceptions thrown by callbacks. Default: they surface as uncaught exceptions, as with `setTimeout`. */
  readonly onFault?: (error: unknown) => void;
}

const TICK_MS = 100;
const SLOTS = 512;

const SYSTEM_CLOCK: WheelClock = {
  now: () => performance.now(),
  every: (periodMs, callback) => {
    const interval = setInterval(callback, periodMs);
    interval.unref();
    return () => {
      clearInterval(interval);
    };
  },
};

/**
 * Coarse timers in great number: one per process instead of a system timer or two per request. A timer fires never early and at most
 * about a tick (100 ms) late. Setting, cancelling and refreshing cost the same however many there are, and refreshing,
 * which happens with every event of a stream, only notes the time: the timer is moved when its old slot comes up.
 * The wheel does not keep the process alive, and stands still when it is empty.
 */
export class TimerWheel {
  private readonly slots: readonly Ring[] = Array.from({ length: SLOTS }, () => new Ring());
  /** Ticks are numbered from the clock's zero; all up to this one were handled. */
  private tick = 0;
  private size = 0;
  private stop: (() => void) | null = null;

  private readonly clock: WheelClock;
  private readonly onFault: (error: unknown) => void;

  constructor(options: TimerWheelOptions = {}) {
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.onFault = options.onFault ?? surface;
  }

  set(delayMs: number, callback: () => void): TimerHandle {
    const now = this.clock.now();
    if (this.stop === null) {
      this.tick = Math.floor(now / TICK_MS);
      this.stop = this.clock.every(TICK_MS, () => {
        this.turn();
      });
    }
    const timer = new Timer(this, delayMs, callback);
    this.size++;
    this.place(timer, now);
    return timer;
  }

  /** Used by the timers themselves. */
  now(): number {
    return this.clock.now();
  }

  /** Used by the timers themselves. */
  remove(timer: Timer): void {
    timer.leave();
    this.size--;
  }

  private place(timer: Timer, now: number): void {
    timer.deadlineMs = now + timer.delayMs;
    this.insert(timer);
  }

  /** Into the slot of its deadline, or into the farthest one, from where it moves on when that comes up. */
  private insert(timer: Timer): void {
    const due = Math.ceil(timer.deadlineMs / TICK_MS);
    const tick = Math.min(Math.max(due, this.tick + 1), this.tick + SLOTS - 1);
    this.slots[tick % SLOTS]?.take(timer);
  }

  private turn(): void {
    const now = this.clock.now();
    const target = Math.floor(now / TICK_MS);
    // After a pause of the process longer than a whole turn every slot is looked at once, not every tick.
    const first = Math.max(this.tick + 1, target - SLOTS + 1);
    const due: Timer[] = [];
    const early: Timer[] = [];
    for (let tick = first; tick <= target; tick++) {
      for (const timer of this.slots[tick % SLOTS]?.empty() ?? []) (timer.deadlineMs <= now ? due : early).push(timer);
    }
    this.tick = Math.max(this.tick, target);
    for (const timer of early) this.insert(timer);
    this.fire(due.sort((one, other) => one.deadlineMs - other.deadlineMs));
    if (this.size === 0) {
      this.stop?.();
      this.stop = null;
    }
  }

  private fire(due: readonly Timer[]): void {
    for (const timer of due) {
      // A callback may have cancelled or refreshed one that was due with it.
      if (timer.over) continue;
      if (timer.deadlineMs > this.clock.now()) {
        this.insert(timer);
        continue;
      }
      timer.over = true;
      this.size--;
      this.call(timer);
    }
  }

  /** One faulty callback must not keep the others from being called. */
  private call(timer: Timer): void {
    try {
      timer.callback();
    } catch (error) {
      this.onFault(error);
    }
  }
}

/** A place in a doubly linked ring: taken and left without a search or an allocation. */
class Link {
  previous: Link = this;
  next: Link = this;

  leave(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }
}

/** The timers of a slot. */
class Ring extends Link {
  take(timer: Timer): void {
    timer.previous = this.previous;
    timer.next = this;
    this.previous.next = timer;
    this.previous = timer;
  }

  empty(): Timer[] {
    const timers: Timer[] = [];
    while (this.next instanceof Timer) {
      timers.push(this.next);
      this.next.leave();
    }
    return timers;
  }
}

class Timer extends Link implements TimerHandle {
  deadlineMs = 0;
  over = false;

  constructor(
    private readonly wheel: TimerWheel,
    readonly delayMs: number,
    readonly callback: () => void,
  ) {
    super();
  }

  cancel(): void {
    if (this.over) return;
    this.over = true;
    this.wheel.remove(this);
  }

  refresh(): void {
    if (!this.over) this.deadlineMs = this.wheel.now() + this.delayMs;
  }
}
