import type { LimitsClock } from '../limits-options.js';

/** Stands still until it is moved; timers fire as it passes them. */
export class ManualClock implements LimitsClock {
  private nowMs = 0;
  private readonly timers = new Set<{ readonly periodMs: number; nextMs: number; readonly callback: () => void }>();

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return Date.UTC(2026, 10, 20) + this.nowMs;
  }

  every(periodMs: number, callback: () => void): () => void {
    const timer = { periodMs, nextMs: this.nowMs + periodMs, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const timer of this.timers) {
      while (timer.nextMs <= this.nowMs) {
        timer.nextMs += timer.periodMs;
        timer.callback();
      }
    }
  }
}
