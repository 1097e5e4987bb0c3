import { GatewayError, UpstreamError, ZERO_USAGE } from '@switchyard/contract';
import type { PlannedAttempt, UpstreamFailure } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { AnswerSummary, StreamProgress } from '@switchyard/dialects';
import { recheck } from '@switchyard/routing';
import type { TimerHandle } from '@switchyard/transport';
import { Attempt } from './attempt.js';
import type { AttemptListener } from './attempt.js';
import { AttemptLog } from './attempt-log.js';
import { prepareAttempt } from './attempt-settings.js';
import type { PreparedAttempt } from './attempt-settings.js';
import type { ClientSink } from './client-sink.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';
import { errorAfter, mayTryOtherCredential, nextAttempt } from './fallback.js';
import type { Outcome, OutcomeStatus } from './outcome.js';
import { costAndSource } from './settlement.js';
import type { Learned } from './settlement.js';

/** Silence after which a committed stream gets a sign of life, well inside what proxies and clients tolerate. */
const KEEP_ALIVE_MS = 15_000;

/**
 * Walks one plan. Fallback is legal until content commit, the first semantic event sent to the client, and never after.
 * Callbacks throughout: no promise stands between upstream socket and client socket.
 */
export class Dispatch implements AttemptListener {
  private index = 0;
  private current: PreparedAttempt | null = null;
  private attempt: Attempt | null = null;
  private readonly triedCredentials = new Set<string>();
  private readonly log: AttemptLog;
  private readonly startedAtMs: number;
  private deadline: TimerHandle | null = null;
  private hold: TimerHandle | null = null;
  private keepAlive: TimerHandle | null = null;
  private stall: TimerHandle | null = null;
  /** Prelude of the running attempt, kept back until content commit. */
  private held = '';
  private headersCommitted = false;
  private contentCommitted = false;
  private firstTokenMs: number | null = null;
  private settled = false;

  constructor(
    private readonly request: DispatchRequest,
    private readonly sink: ClientSink,
    private readonly tools: DispatchTools,
  ) {
    this.startedAtMs = tools.nowMs();
    this.log = new AttemptLog(tools.nowMs);
  }

  start(): void {
    const { timeouts, stream } = this.request;
    this.deadline = this.tools.wheel.set(timeouts.totalMs, () => {
      this.expire();
    });
    if (stream)
      this.hold = this.tools.wheel.set(timeouts.headerHoldMs, () => {
        this.commitHeaders();
        this.sendKeepAlive();
      });
    this.tryNext(0);
  }

  /** The client is gone: the upstream is closed at once, what was used is settled. */
  clientGone(): void {
    if (this.settled) return;
    this.abandonAttempt({ class: 'client_gone', status: null, message: 'The client went away.' });
    this.settle('client_cancelled', null);
  }

  private tryNext(from: number): void {
    const attempts = this.request.plan.attempts;
    for (let index = from; index < attempts.length; index += 1) {
      const planned = attempts[index];
      if (planned === undefined || !this.isAllowed(planned)) continue;
      this.index = index;
      this.triedCredentials.clear();
      if (this.tryEndpoint(planned)) return;
    }
    this.giveUp();
  }

  /** Policy is looked at again before each attempt: nothing between plan and attempt may carry a prompt past it. */
  private isAllowed({ model, endpoint }: PlannedAttempt): boolean {
    return recheck(this.request.policy, this.request.plan.facts, model, endpoint).length === 0;
  }

  /** Starts an attempt with a credential not tried yet; false when there is none. */
  private tryEndpoint(planned: PlannedAttempt): boolean {
    if (this.log.count >= this.request.maxAttempts) return false;
    const prepared = this.prepare(planned);
    if (prepared === null) return false;
    this.triedCredentials.add(prepared.credentialId);
    this.current = prepared;
    this.held = '';
    this.log.open(planned);
    const remainingMs = Math.max(1, this.startedAtMs + this.request.timeouts.totalMs - this.tools.nowMs());
    const settings = { ...prepared.settings, wholeAnswerMs: Math.min(prepared.settings.wholeAnswerMs, remainingMs) };
    this.attempt = new Attempt(settings, this, this.tools.transport, this.tools.wheel);
    this.attempt.start();
    return true;
  }

  /** `null` when no untried credential is left, or when the request cannot be put into this endpoint's dialect. */
  private prepare(planned: PlannedAttempt): PreparedAttempt | null {
    try {
      return prepareAttempt(this.request, planned, this.triedCredentials, this.tools, () => this.log.records);
    } catch (error) {
      this.log.refuse(planned, this.failureOfPreparing(error));
      return null;
    }
  }

  private failureOfPreparing(error: unknown): UpstreamFailure {
    if (error instanceof UpstreamError) return error.failure;
    if (error instanceof GatewayError) return { class: 'invalid_request', status: null, message: error.message };
    this.tools.onFault(error, this.request.generationId);
    return { class: 'invalid_answer', status: null, message: 'The request could not be translated.' };
  }

  // What the running attempt tells.

  answered(body: Buffer | string, summary: AnswerSummary): void {
    this.log.close(this.attempt?.status ?? null, null);
    this.markFirstToken();
    const headers = this.servedHeaders();
    this.settle('completed', { ...summary, broken: false });
    this.sink.send(200, headers, body);
  }

  streamed(text: string, progress: StreamProgress): void {
    this.forward(text, progress);
  }

  finished(text: string, progress: StreamProgress): void {
    this.log.close(this.attempt?.status ?? null, null);
    if (progress.semantic) this.markFirstToken();
    this.commitHeaders();
    const last = this.held + text;
    this.held = '';
    this.settle('completed', { ...progress, broken: false });
    this.sink.end(last);
  }

  failed(failure: UpstreamFailure): void {
    this.log.close(failure.status ?? this.attempt?.status ?? null, failure);
    this.observeFailure(failure);
    if (this.contentCommitted) {
      this.breakStream(failure);
      return;
    }
    this.fallBack(failure);
  }

  fault(error: unknown): void {
    this.tools.onFault(error, this.request.generationId);
  }

  private forward(text: string, progress: StreamProgress): void {
    if (!this.contentCommitted) {
      this.held += text;
      if (!progress.semantic) return;
      this.commitContent();
      return;
    }
    this.write(text);
  }

  private commitContent(): void {
    this.markFirstToken();
    this.commitHeaders();
    this.contentCommitted = true;
    const text = this.held;
    this.held = '';
    this.write(text);
  }

  private commitHeaders(): void {
    if (this.headersCommitted) return;
    this.headersCommitted = true;
    this.hold?.cancel();
    this.sink.start(this.servedHeaders());
    this.armKeepAlive();
  }

  private armKeepAlive(): void {
    this.keepAlive = this.tools.wheel.set(KEEP_ALIVE_MS, () => {
      this.armKeepAlive();
      this.sendKeepAlive();
    });
  }

  private sendKeepAlive(): void {
    if (this.settled) return;
    this.write(this.request.client.keepAlive(this.contentCommitted));
  }

  private write(text: string): void {
    this.keepAlive?.refresh();
    if (this.sink.write(text) || this.stall !== null) return;
    this.attempt?.pause();
    this.stall = this.tools.wheel.set(this.request.timeouts.clientStallMs, () => {
      this.sink.destroy();
    });
    this.sink.onceDrained(() => {
      this.stall?.cancel();
      this.stall = null;
      if (!this.settled) this.attempt?.resume();
    });
  }

  private fallBack(failure: UpstreamFailure): void {
    const planned = this.request.plan.attempts[this.index];
    if (planned !== undefined && mayTryOtherCredential(failure.class) && this.tryEndpoint(planned)) return;
    const next = nextAttempt(this.request.plan.attempts, this.index, failure.class);
    if (next === null || this.log.count >= this.request.maxAttempts) this.giveUp();
    else this.tryNext(next);
  }

  private giveUp(): void {
    this.fail(errorAfter(this.log.failed, this.request.plan.facts.models, this.tools.random), 'upstream_error');
  }

  /** After content commit the stream can only end honestly: an error event, and no terminator. */
  private breakStream(failure: UpstreamFailure): void {
    const code = failure.class === 'timeout' ? 'upstream_timeout' : 'upstream_invalid';
    this.fail(new GatewayError(code, `The answer broke off: ${failure.message}`), 'truncated');
  }

  private expire(): void {
    if (this.settled) return;
    this.abandonAttempt({ class: 'timeout', status: null, message: 'The request ran into its total time limit.' });
    if (this.contentCommitted)
      this.breakStream({ class: 'timeout', status: null, message: 'the total time limit was reached.' });
    else this.giveUp();
  }

  private abandonAttempt(failure: UpstreamFailure): void {
    const { attempt } = this;
    if (attempt === null) return;
    attempt.abort();
    this.log.close(attempt.status, failure);
  }

  private fail(error: GatewayError, status: OutcomeStatus): void {
    const { client, requestId } = this.request;
    const context = this.current?.settings.context;
    this.settle(status, null, error);
    if (this.headersCommitted && context !== undefined) {
      this.sink.end(client.writeStreamError(error, requestId, context));
      return;
    }
    this.request.sendError(error, { 'x-switchyard-attempts': String(this.log.count) });
  }

  private servedHeaders(): Record<string, string> {
    const planned = this.current?.planned;
    if (planned === undefined) return {};
    return {
      'x-switchyard-model': planned.model.id,
      'x-switchyard-provider': planned.endpoint.provider.id,
      'x-switchyard-endpoint': planned.endpoint.tag,
      'x-switchyard-attempts': String(this.log.count),
    };
  }

  private markFirstToken(): void {
    this.firstTokenMs ??= this.tools.nowMs() - this.startedAtMs;
  }

  private observeFailure(failure: UpstreamFailure): void {
    const planned = this.current?.planned;
    if (planned !== undefined) this.tools.health.recordFailure(planned.endpoint, failure.class);
  }

  /** Exactly once, before the last byte goes out: whoever sees the end of an answer can already read its record. */
  private settle(status: OutcomeStatus, learned: Learned | null, error: GatewayError | null = null): void {
    if (this.settled) return;
    this.settled = true;
    for (const timer of [this.deadline, this.hold, this.keepAlive, this.stall]) timer?.cancel();
    const { request, tools, log, current } = this;
    const used = learned ?? this.learnedOfBrokenAttempt();
    const delivered = status === 'completed' || this.contentCommitted || status === 'client_cancelled';
    const planned = delivered ? (current?.planned ?? null) : null;
    const money = costAndSource(request, tools.pricing, planned, used);
    const outcome: Outcome = {
      status,
      attempts: log.records,
      served: planned,
      stopReason: used?.stopReason ?? null,
      usage: planned === null ? ZERO_USAGE : money.usage,
      usageSource: money.source,
      usageSuspect: used?.usage.suspect ?? [],
      cost: money.cost,
      latencyMs: tools.nowMs() - this.startedAtMs,
      firstTokenMs: this.firstTokenMs,
      streamed: request.stream,
      dropped: current?.dropped ?? [],
      upstreamId: used?.upstreamId ?? '',
      error,
    };
    if (status === 'completed' && planned !== null) tools.health.recordSuccess(planned.endpoint, outcome);
    request.onSettled(outcome);
  }

  private learnedOfBrokenAttempt(): Learned | null {
    const { attempt } = this;
    if (attempt === null) return null;
    if (attempt.relay !== null) return { ...attempt.relay.progress, broken: true };
    return { usage: NO_USAGE, stopReason: null, upstreamId: '', contentLength: 0, broken: true };
  }
}
