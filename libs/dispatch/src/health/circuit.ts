import type { Counts } from './rolling.js';

/** When an endpoint is ejected, and for how long; times in milliseconds. */
export interface CircuitRules {
  /** Failures in a row. */
  readonly ejectAfterFailures: number;
  /** Share of failures among at least `ejectMinRequests` of the last 30 s. */
  readonly ejectAtShare: number;
  readonly ejectMinRequests: number;
  /** The first ejection; the n-th takes n times as long. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
}

/** `trial` = the one request of a half-open endpoint failed. */
export type EjectionCause = 'consecutive' | 'share' | 'trial';

/** Ejections are this much shorter or longer at random, so that processes do not all try again at once. */
const JITTER = 0.2;

/**
 * Whether one endpoint may be tried. Closed: yes. Ejected: no, for a time that grows with each ejection and falls back
 * with each healthy `ejectionMs`. Then half-open: one trial at a time; it closes the circuit or ejects for longer.
 * `nowMs` is monotonic throughout.
 */
export class Circuit {
  private failuresInRow = 0;
  private times = 0;
  /** `null` = closed. */
  private untilMs: number | null = null;
  private closedAtMs = 0;
  /** Since when the trial is out; `null` = its place is free. */
  private trialSinceMs: number | null = null;

  isEjected(nowMs: number): boolean {
    return this.untilMs !== null && nowMs < this.untilMs;
  }

  isHalfOpen(nowMs: number): boolean {
    return this.untilMs !== null && nowMs >= this.untilMs;
  }

  /** True = nobody may be sent: ejected, or half-open with the trial out. */
  isOpen(nowMs: number, rules: CircuitRules): boolean {
    if (this.untilMs === null) return false;
    return nowMs < this.untilMs || this.isTrialOut(nowMs, rules);
  }

  /** True = may be tried; at half-open that takes the place of the trial. */
  admit(nowMs: number, rules: CircuitRules): boolean {
    if (this.untilMs === null) return true;
    if (this.isOpen(nowMs, rules)) return false;
    this.trialSinceMs = nowMs;
    return true;
  }

  /** Gives the place of the trial back. */
  release(): void {
    this.trialSinceMs = null;
  }

  /** True when it closed the circuit. A success while ejected was asked for before, and proves nothing. */
  pass(nowMs: number): boolean {
    this.failuresInRow = 0;
    if (!this.isHalfOpen(nowMs)) return false;
    this.untilMs = null;
    this.closedAtMs = nowMs;
    this.trialSinceMs = null;
    return true;
  }

  /** A failure of the endpoint's own; `window` counts the last 30 s, this one included. `null` = the circuit stays as it is. */
  fail(nowMs: number, window: Counts, rules: CircuitRules, random: () => number): EjectionCause | null {
    if (this.isEjected(nowMs)) return null;
    this.failuresInRow += 1;
    const cause = this.causeFor(nowMs, window, rules);
    if (cause !== null) this.eject(nowMs, rules, random);
    return cause;
  }

  /** What other processes saw since they last told: its order is not known, so one success among them breaks the row. */
  hear(passed: number, failed: number): void {
    this.failuresInRow = passed > 0 ? 0 : this.failuresInRow + failed;
  }

  /** Another process ejected the endpoint. */
  adopt(nowMs: number, ejection: Ejection, rules: CircuitRules): void {
    const untilMs = nowMs + Math.min(ejection.leftMs, rules.maxEjectionMs);
    if (this.untilMs !== null && this.untilMs >= untilMs) return;
    this.untilMs = untilMs;
    this.times = Math.max(this.timesAt(nowMs, rules), ejection.times);
    this.failuresInRow = 0;
    this.trialSinceMs = null;
  }

  /** An ejection ends now, and the next request is the trial; true when there was one to end. */
  reopen(nowMs: number): boolean {
    if (!this.isEjected(nowMs)) return false;
    this.untilMs = nowMs;
    return true;
  }

  /** The running ejection; `null` = none. */
  ejection(nowMs: number): Ejection | null {
    if (this.untilMs === null || nowMs >= this.untilMs) return null;
    return { times: this.times, leftMs: this.untilMs - nowMs };
  }

  private causeFor(nowMs: number, { passed, failed }: Counts, rules: CircuitRules): EjectionCause | null {
    if (this.isHalfOpen(nowMs)) return 'trial';
    if (this.failuresInRow >= rules.ejectAfterFailures) return 'consecutive';
    const requests = passed + failed;
    return requests >= rules.ejectMinRequests && failed >= rules.ejectAtShare * requests ? 'share' : null;
  }

  private eject(nowMs: number, rules: CircuitRules, random: () => number): void {
    this.times = this.timesAt(nowMs, rules) + 1;
    const jitter = 1 - JITTER + 2 * JITTER * random();
    this.untilMs = nowMs + Math.min(rules.maxEjectionMs, rules.ejectionMs * this.times * jitter);
    this.failuresInRow = 0;
    this.trialSinceMs = null;
  }

  private timesAt(nowMs: number, { ejectionMs }: CircuitRules): number {
    if (this.untilMs !== null) return this.times;
    return Math.max(0, this.times - Math.floor((nowMs - this.closedAtMs) / ejectionMs));
  }

  /** A trial that is silent for as long as an ejection takes loses its place: a long stream must not keep an endpoint out. */
  private isTrialOut(nowMs: number, { ejectionMs }: CircuitRules): boolean {
    return this.trialSinceMs !== null && nowMs - this.trialSinceMs < ejectionMs;
  }
}

export interface Ejection {
  /** How many there were in a row, this one included. */
  readonly times: number;
  readonly leftMs: number;
}
