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
/** Opening again within this time after it closed is a relapse. */
const SETTLED_MS = 5_000;
/** After a relapse Redis has to answer for so long before it is half open, twice as long after each further one. */
const CALM_MS = 1_000;
const CALM_MAX_MS = 30_000;

/**
 * Whether Redis is relied on. `open`: not. `half_open`: it answers probes again and is not relied on yet. A Redis that comes and
 * goes is followed once or twice, and then only when it has stayed for longer and longer. Begins open, and closes with the
 * first connection. `nowMs` is monotonic.
 */
export class Breaker {
  private current: BreakerState = 'open';
  private failures: number[] = [];
  private answers = 0;
  private wasConnected = false;
  /** Times that it opened again too soon, since it was closed for long. */
  private relapses = 0;
  private closedAtMs = -Infinity;
  /** First of the answers that nothing has spoken against since; `null` = none. */
  private answeringSinceMs: number | null = null;

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
    this.answers = 0;
    if (this.current === 'open') {
      this.answeringSinceMs = null;
      return;
    }
    const nowMs = this.nowMs();
    this.failures = [...this.failures.filter((atMs) => atMs > nowMs - FAILURE_WINDOW_MS), nowMs];
    if (this.failures.length >= FAILURES_MAX) this.change('open', 'failures');
  }

  /** A probe was answered. Ordinary commands do not count: they may have been sent long ago. */
  answered(): void {
    if (this.current === 'closed') return;
    const nowMs = this.nowMs();
    this.answeringSinceMs ??= nowMs;
    if (nowMs - this.answeringSinceMs < this.calmMs) return;
    this.answers += 1;
    this.change(this.answers >= ANSWERS_MIN ? 'closed' : 'half_open', 'answers');
  }

  private get calmMs(): number {
    return this.relapses === 0 ? 0 : Math.min(CALM_MAX_MS, CALM_MS * 2 ** (this.relapses - 1));
  }

  private change(to: BreakerState, cause: BreakerCause): void {
    const from = this.current;
    if (to !== 'half_open') {
      this.answers = 0;
      this.failures = [];
      this.answeringSinceMs = null;
    }
    if (from === to) return;
    this.current = to;
    if (to === 'open') this.relapses = this.isRelapse(from) ? this.relapses + 1 : 0;
    // The first connection was preceded by no trouble that an early end of it could be a part of.
    if (to === 'closed' && cause !== 'connected') this.closedAtMs = this.nowMs();
    this.onChange({ type: 'breaker', from, to, cause });
  }
  private isRelapse(from: BreakerState): boolean {
    return from === 'half_open' || this.nowMs() - this.closedAtMs < SETTLED_MS;
  }
}
