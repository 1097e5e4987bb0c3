export type BreakerState = 'closed' | 'open' | 'half_open';

/** Why it changed: the connection was lost, commands failed, Redis answers again, or it was reached for the first time. */
type BreakerCause = 'lost' | 'failures' | 'answers' | 'connected';

export interface BreakerChange {
  readonly type: 'breaker';
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly cause: BreakerCause;
}

/** Failures within this time open it. */
const FAILURES_MAX = 5;
const FAILURE_WINDOW_MS = 1_000;
/** Probes that must be answered in a row before it closes. */
const ANSWERS_MIN = 5;

/**
 * Whether Redis is relied on. `open`: not. `half_open`: it answers probes again and is not relied on yet, so that a Redis that
 * comes and goes is not followed every time. Begins open, and closes with the first connection. `nowMs` is monotonic.
 */
export class Breaker {
  private current: BreakerState = 'open';
  private failures: number[] = [];
  private answers = 0;
  private wasConnected = false;

  constructor(
    private readonly nowMs: () => number,
    private readonly onChange: (change: BreakerChange) => void,
  ) {}

  get state(): BreakerState {
    return this.current;
  }

  get isClosed(): boolean {
    return this.current === 'closed';
  }

  /** A connection is there. The first one is relied on at once: nothing spoke against it. */
  connected(): void {
    if (this.wasConnected) return;
    this.wasConnected = true;
    this.change('closed', 'connected');
  }

  lost(): void {
    this.change('open', 'lost');
  }

  /** A command was not answered in time, or was refused for the server's state. */
  failed(): void {
    if (this.current !== 'closed') {
      this.change('open', 'failures');
      return;
    }
    const nowMs = this.nowMs();
    this.failures = [...this.failures.filter((atMs) => atMs > nowMs - FAILURE_WINDOW_MS), nowMs];
    if (this.failures.length >= FAILURES_MAX) this.change('open', 'failures');
  }

  /** A probe was answered. Ordinary commands do not count: they may have been sent long ago. */
  answered(): void {
    if (this.current === 'closed') return;
    this.answers += 1;
    this.change(this.answers >= ANSWERS_MIN ? 'closed' : 'half_open', 'answers');
  }

  private change(to: BreakerState, cause: BreakerCause): void {
    const from = this.current;
    if (to !== 'half_open') {
      this.answers = 0;
      this.failures = [];
    }
    if (from === to) return;
    this.current = to;
    this.onChange({ type: 'breaker', from, to, cause });
  }
}
