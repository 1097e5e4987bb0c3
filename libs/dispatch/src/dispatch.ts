import { GatewayError, UpstreamError, ZERO_USAGE, totalOutput } from '@switchyard/contract';
import type { Credential, PlannedAttempt, UpstreamFailure, Usage } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { AnswerSummary, StreamProgress } from '@switchyard/dialects';
import { recheck } from '@switchyard/routing';
import type { TimerHandle } from '@switchyard/transport';
import type { AccountAsk } from './account-gate.js';
import { Attempt } from './attempt.js';
import type { AttemptListener } from './attempt.js';
import { AttemptLog } from './attempt-log.js';
import { prepareAttempt } from './attempt-settings.js';
import type { PreparedAttempt } from './attempt-settings.js';
import type { ClientSink } from './client-sink.js';
import { drawCredential } from './credentials.js';
import { Delivery } from './delivery.js';
import type { DeliverySource } from './delivery.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';
import { errorAfter, mayTryOtherCredential, nextAttempt } from './fallback.js';
import type { Outcome, OutcomeStatus } from './outcome.js';
import { costAndSource } from './settlement.js';
import type { Learned } from './settlement.js';

const ROOM_WANTED: UpstreamFailure = {
  class: 'rate_limited',
  status: null,
  message: 'The provider account is at its limit.',
};

/**
 * Walks one plan. Fallback is legal until content commit, the first semantic event sent to the client, and never after.
 * Callbacks throughout: no promise stands between upstream socket and client socket.
 */
export class Dispatch implements AttemptListener, DeliverySource {
  private index = 0;
  private current: PreparedAttempt | null = null;
  private attempt: Attempt | null = null;
  private readonly triedCredentials = new Set<string>();
  private account: AccountAsk | null = null;
  private readonly log: AttemptLog;
  private readonly delivery: Delivery;
  private readonly startedAtMs: number;
  private deadline: TimerHandle | null = null;
  private settled = false;

  constructor(
    private readonly request: DispatchRequest,
    private readonly sink: ClientSink,
    private readonly tools: DispatchTools,
  ) {
    this.startedAtMs = tools.nowMs();
    this.log = new AttemptLog(tools.nowMs);
    this.delivery = new Delivery(request, sink, tools, this, this.startedAtMs);
  }

  start(): void {
    const { timeouts, stream } = this.request;
    this.deadline = this.tools.wheel.set(timeouts.totalMs, () => {
      this.expire();
    });
    if (stream) this.delivery.startHold();
    this.tryNext(0);
  }

  /** The client is gone: the upstream is closed at once, what was used is settled. */
  clientGone(): void {
    if (this.settled) return;
    this.abandonAttempt({ class: 'client_gone', status: null, message: 'The client went away.' });
    this.settle('client_cancelled', null, null, doNothing);
  }

  /** Ends a running request for a reason of Switchyard's own, such as a key that was revoked meanwhile. */
  cut(error: GatewayError): void {
    if (this.settled) return;
    this.abandonAttempt({ class: 'client_gone', status: null, message: error.message });
    this.fail(error, this.delivery.contentCommitted ? 'truncated' : 'rejected');
  }

  /** Grows with whatever the request uses: unchanged = a checkpoint would say what the last one said. */
  get mark(): number {
    const relay = this.attempt?.relay;
    return this.log.count * 1e12 + (relay?.progress.contentLength ?? 0) * 2 + (relay?.progress.usage.present ? 1 : 0);
  }

  /** How the request would stand were it to end now. */
  soFar(): Outcome {
    return this.outcomeOf('truncated', this.learnedOfBrokenAttempt(), null);
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

  /** Starts an attempt, or the wait for its turn, with a credential not tried yet; false when there is none. */
  private tryEndpoint(planned: PlannedAttempt): boolean {
    if (this.log.count >= this.request.maxAttempts) return false;
    const credential = drawCredential(planned.endpoint.provider, this.triedCredentials, this.tools.random());
    if (credential === null) return false;
    this.triedCredentials.add(credential.id);
    if (credential.limits === undefined) return this.launch(planned, credential);
    this.awaitRoom(planned, credential, credential.limits);
    return true;
  }

  private awaitRoom(planned: PlannedAttempt, credential: Credential, limits: AccountAsk['limits']): void {
    const { generationId, plan } = this.request;
    const ask: AccountAsk = {
      id: `${generationId}.${String(this.index)}.${String(this.triedCredentials.size)}`,
      providerId: planned.endpoint.provider.id,
      credentialId: credential.id,
      limits,
      inputTokens: plan.facts.promptTokensEstimate,
      outputTokens: plan.facts.maxOutputTokens ?? 0,
    };
    this.tools.accounts.admit(ask, (refusal) => {
      if (refusal !== null) {
        const { retryAfterS } = refusal;
        const failure = retryAfterS === null ? ROOM_WANTED : { ...ROOM_WANTED, retryAfterS };
        if (this.settled) return;
        this.log.refuse(planned, failure);
        this.fallBack(failure);
        return;
      }
      this.account = ask;
      if (this.settled) this.leaveAccount(null);
      else if (!this.launch(planned, credential)) this.fallBack(ROOM_WANTED);
    });
  }

  /** False when the request cannot be put into this endpoint's dialect. */
  private launch(planned: PlannedAttempt, credential: Credential): boolean {
    const prepared = this.prepare(planned, credential);
    if (prepared === null) {
      this.leaveAccount(null);
      return false;
    }
    this.current = prepared;
    this.delivery.restart();
    this.log.open(planned);
    const remainingMs = Math.max(1, this.startedAtMs + this.request.timeouts.totalMs - this.tools.nowMs());
    const settings = { ...prepared.settings, wholeAnswerMs: Math.min(prepared.settings.wholeAnswerMs, remainingMs) };
    this.attempt = new Attempt(settings, this, this.tools.transport, this.tools.wheel);
    this.attempt.start();
    return true;
  }

  private prepare(planned: PlannedAttempt, credential: Credential): PreparedAttempt | null {
    try {
      return prepareAttempt(this.request, planned, credential, this.tools, () => this.log.records);
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
    this.delivery.markFirstToken();
    const headers = this.servedHeaders();
    this.settle('completed', { ...summary, broken: false }, null, () => {
      this.sink.send(200, headers, body);
    });
  }

  streamed(text: string, progress: StreamProgress): void {
    this.delivery.forward(text, progress);
  }

  finished(text: string, progress: StreamProgress): void {
    this.log.close(this.attempt?.status ?? null, null);
    const last = this.delivery.closing(text, progress);
    this.settle('completed', { ...progress, broken: false }, null, () => {
      this.sink.end(last);
    });
  }

  failed(failure: UpstreamFailure): void {
    this.log.close(failure.status ?? this.attempt?.status ?? null, failure);
    this.observeFailure(failure);
    if (this.delivery.contentCommitted) {
      this.breakStream(failure);
      return;
    }
    this.leaveAccount(null);
    this.fallBack(failure);
  }

  fault(error: unknown): void {
    this.tools.onFault(error, this.request.generationId);
  }

  // What the delivery asks for.

  servedHeaders(): Record<string, string> {
    const planned = this.current?.planned;
    if (planned === undefined) return {};
    return {
      'x-switchyard-model': planned.model.id,
      'x-switchyard-provider': planned.endpoint.provider.id,
      'x-switchyard-endpoint': planned.endpoint.tag,
      'x-switchyard-attempts': String(this.log.count),
    };
  }

  pauseUpstream(): void {
    this.attempt?.pause();
  }

  resumeUpstream(): void {
    this.attempt?.resume();
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
    if (this.delivery.contentCommitted)
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
    this.settle(status, null, error, () => {
      if (this.delivery.headersCommitted && context !== undefined) {
        this.sink.end(client.writeStreamError(error, requestId, context));
        return;
      }
      this.request.sendError(error, { 'x-switchyard-attempts': String(this.log.count) });
    });
  }

  private observeFailure(failure: UpstreamFailure): void {
    const { current } = this;
    if (current !== null) this.tools.health.recordFailure(current.planned.endpoint, current.credentialId, failure);
  }

  private observeSuccess({ streamed, firstTokenMs, latencyMs, usage }: Outcome): void {
    const { current } = this;
    if (current === null) return;
    const seen = { streamed, firstTokenMs, durationMs: latencyMs, outputTokens: totalOutput(usage) };
    this.tools.health.recordSuccess(current.planned.endpoint, current.credentialId, seen);
  }

  private leaveAccount(usage: Usage | null): void {
    const { account } = this;
    if (account === null) return;
    this.account = null;
    this.tools.accounts.leave(account, usage);
  }

  /**
   * Exactly once. `sendLast` writes the last byte and runs when the outcome is on record: whoever sees the end of an
   * answer can already read its record.
   */
  private settle(
    status: OutcomeStatus,
    learned: Learned | null,
    error: GatewayError | null,
    sendLast: () => void,
  ): void {
    if (this.settled) return;
    this.settled = true;
    this.deadline?.cancel();
    this.delivery.end();
    const outcome = this.outcomeOf(status, learned ?? this.learnedOfBrokenAttempt(), error);
    this.leaveAccount(outcome.usage);
    if (status === 'completed') this.observeSuccess(outcome);
    this.request.onSettled(outcome, sendLast);
  }

  private outcomeOf(status: OutcomeStatus, used: Learned | null, error: GatewayError | null): Outcome {
    const { request, tools, log, current, delivery } = this;
    const delivered = status === 'completed' || delivery.contentCommitted || status === 'client_cancelled';
    const planned = delivered ? (current?.planned ?? null) : null;
    const money = costAndSource(request, tools.pricing, planned, used);
    return {
      status,
      attempts: log.records,
      served: planned,
      lastTried: current?.planned ?? null,
      stopReason: used?.stopReason ?? null,
      usage: planned === null ? ZERO_USAGE : money.usage,
      usageSource: money.source,
      usageSuspect: money.suspect,
      cost: money.cost,
      latencyMs: tools.nowMs() - this.startedAtMs,
      firstTokenMs: delivery.firstTokenMs,
      streamed: request.stream,
      dropped: current?.dropped ?? [],
      upstreamId: used?.upstreamId ?? '',
      error,
    };
  }

  private learnedOfBrokenAttempt(): Learned | null {
    const { attempt } = this;
    if (attempt === null) return null;
    if (attempt.relay !== null) return { ...attempt.relay.progress, broken: true };
    return { usage: NO_USAGE, stopReason: null, upstreamId: '', contentLength: 0, broken: true };
  }
}

function doNothing(): void {
  // The client is gone: nobody is left to write to.
}
