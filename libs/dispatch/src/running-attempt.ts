import type { UpstreamFailure, Usage } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { AnswerSummary, StreamProgress } from '@switchyard/dialects';
import type { AccountAsk } from './account-gate.js';
import { Attempt } from './attempt.js';
import type { AttemptListener } from './attempt.js';
import type { AttemptLog, LogEntry } from './attempt-log.js';
import type { PreparedAttempt } from './attempt-settings.js';
import { accountScope, asCallersFault } from './callers-account.js';
import type { DispatchTools } from './dispatch-request.js';
import type { Learned } from './charge.js';
import type { Place } from './walk.js';

/** Hears what the running attempts of one request tell, each with who tells it. See `AttemptListener`. */
export interface AttemptHost {
  answered(one: RunningAttempt, body: Buffer | string, summary: AnswerSummary): void;
  streamed(one: RunningAttempt, text: string, progress: StreamProgress): void;
  finished(one: RunningAttempt, text: string, progress: StreamProgress): void;
  failed(one: RunningAttempt, failure: UpstreamFailure): void;
  fault(error: unknown): void;
}

/** What an attempt is made of, and whom its budgets belong to. */
export interface AttemptParts {
  readonly place: Place;
  readonly prepared: PreparedAttempt;
  readonly tenantId: string;
  /** `null` = nothing is known of the account's limits. */
  readonly account: AccountAsk | null;
  /** True for every attempt of a request but its first. */
  readonly isRetry: boolean;
}

/** An attempt together with all that is taken while it runs, each given back exactly once: budgets, health's trial, account. */
export class RunningAttempt implements AttemptListener {
  /** What it said before any content, kept back until it is known to serve. */
  prelude = '';
  private readonly attempt: Attempt;
  private readonly entry: LogEntry;
  private account: AccountAsk | null;
  /** Milliseconds until its own first content; `null` = none came yet. */
  private firstContentMs: number | null = null;
  private isOver = false;

  constructor(
    private readonly parts: AttemptParts,
    private readonly host: AttemptHost,
    private readonly log: AttemptLog,
    private readonly tools: DispatchTools,
  ) {
    this.account = parts.account;
    this.attempt = new Attempt(parts.prepared.settings, this, tools.transport, tools.wheel);
    this.entry = log.open(parts.prepared.planned);
    tools.budgets.attemptStarted(parts.tenantId, this.providerId, parts.isRetry);
  }

  get prepared(): PreparedAttempt {
    return this.parts.prepared;
  }

  get place(): Place {
    return this.parts.place;
  }

  /** The upstream may be at work, and charge for it. */
  get wasSent(): boolean {
    return this.attempt.wasSent;
  }

  /** Length of the streamed content so far, doubled, plus one once usage was reported. */
  get mark(): number {
    const { relay } = this.attempt;
    return (relay?.progress.contentLength ?? 0) * 2 + (relay?.progress.usage.present ? 1 : 0);
  }

  /** What is known of an answer that will not come to its end. */
  get learned(): Learned {
    const { relay } = this.attempt;
    if (relay !== null) return { ...relay.progress, broken: true };
    return { usage: NO_USAGE, stopReason: null, upstreamId: '', contentLength: 0, broken: true };
  }

  start(): void {
    this.attempt.start();
  }

  pause(): void {
    this.attempt.pause();
  }

  resume(): void {
    this.attempt.resume();
  }

  // What the attempt tells.

  answered(body: Buffer | string, summary: AnswerSummary): void {
    this.host.answered(this, body, summary);
  }

  streamed(text: string, progress: StreamProgress): void {
    this.noteContent(progress);
    this.host.streamed(this, text, progress);
  }

  finished(text: string, progress: StreamProgress): void {
    this.noteContent(progress);
    this.host.finished(this, text, progress);
  }

  failed(failure: UpstreamFailure): void {
    this.host.failed(this, asCallersFault(failure, this.endpoint.provider));
  }

  fault(error: unknown): void {
    this.host.fault(error);
  }

  // How it ends.

  /** Its answer came to its end. */
  close(): void {
    this.log.close(this.entry, this.attempt.status);
  }

  /** What its whole answer was worth is known. */
  succeed(outputTokens: number): void {
    if (!this.end(true)) return;
    this.tools.health.recordSuccess(this.endpoint, this.prepared.credentialId, {
      streamed: this.prepared.settings.stream,
      firstTokenMs: this.firstContentMs,
      durationMs: this.tools.nowMs() - this.entry.startedAtMs,
      outputTokens,
    });
  }

  fail(failure: UpstreamFailure): void {
    if (!this.end(false)) return;
    this.log.fail(this.entry, failure.status ?? this.attempt.status, failure);
    this.tools.health.recordFailure(this.endpoint, this.prepared.credentialId, failure);
  }

  /** It is aborted for a reason that says nothing of its endpoint. */
  abandon(failure: UpstreamFailure): void {
    if (!this.end(false)) return;
    this.attempt.abort();
    this.log.fail(this.entry, this.attempt.status, failure);
    this.tools.health.recordNothing(this.endpoint);
  }

  /** It is aborted because another attempt was faster. */
  lose(): void {
    if (!this.end(false)) return;
    this.attempt.abort();
    this.log.lose(this.entry, this.attempt.status);
    this.tools.health.recordNothing(this.endpoint);
  }

  /** Gives back what the attempt did not use of its account; `null` = it ended without an answer. */
  leaveAccount(usage: Usage | null): void {
    const { account } = this;
    if (account === null) return;
    this.account = null;
    this.tools.accounts.leave(account, usage);
  }

  private noteContent(progress: StreamProgress): void {
    if (this.firstContentMs === null && progress.semantic) {
      this.firstContentMs = this.tools.nowMs() - this.entry.startedAtMs;
    }
  }

  private end(isSuccess: boolean): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.tools.budgets.attemptEnded(this.providerId, this.parts.isRetry, isSuccess);
    return true;
  }

  private get endpoint() {
    return this.prepared.planned.endpoint;
  }

  private get providerId(): string {
    return accountScope(this.endpoint.provider);
  }
}
