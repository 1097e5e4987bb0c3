import { GatewayError, totalOutput } from '@switchyard/contract';
import type { UpstreamFailure } from '@switchyard/contract';
import type { AnswerSummary, StreamProgress } from '@switchyard/dialects';
import type { TimerHandle } from '@switchyard/transport';
import { AttemptLog } from './attempt-log.js';
import { AttemptStarter } from './attempt-starter.js';
import type { NoStart, StarterHost } from './attempt-starter.js';
import type { ClientSink } from './client-sink.js';
import { Delivery } from './delivery.js';
import type { DeliverySource } from './delivery.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';
import { DRAIN_MAX_MS } from './drains.js';
import { errorAfter, mayTryOtherCredential } from './fallback.js';
import type { Outcome, OutcomeStatus } from './outcome.js';
import { RequestHedge } from './request-hedge.js';
import { sameEndpointDelay } from './retry-delay.js';
import type { RunningAttempt } from './running-attempt.js';
import { outcomeOf } from './settlement.js';
import type { Learned } from './charge.js';
import { Walk } from './walk.js';
import type { Place } from './walk.js';

/**
 * Serves one request along its plan. Fallback is legal until content commit, the first semantic event sent to the client,
 * and never after. Callbacks throughout: no promise stands between upstream socket and client socket.
 */
export class Dispatch implements StarterHost, DeliverySource {
  private readonly walk: Walk;
  private readonly log: AttemptLog;
  private readonly delivery: Delivery;
  private readonly starter: AttemptStarter;
  private readonly hedge: RequestHedge | null;
  private readonly startedAtMs: number;
  /** One, or two while a hedge is not decided. */
  private running: RunningAttempt[] = [];
  /** The attempt that serves or is expected to; the last one when none runs. */
  private current: RunningAttempt | null = null;
  private deadline: TimerHandle | null = null;
  private backOff: TimerHandle | null = null;
  /** Not null while the answer is read on for a client that is gone. */
  private drain: TimerHandle | null = null;
  private retries = 0;
  private isPaused = false;
  private settled = false;

  constructor(
    private readonly request: DispatchRequest,
    private readonly sink: ClientSink,
    private readonly tools: DispatchTools,
  ) {
    this.startedAtMs = tools.nowMs();
    this.walk = new Walk(request, tools);
    this.log = new AttemptLog(tools.nowMs);
    this.delivery = new Delivery(request, sink, tools, this, this.startedAtMs);
    this.starter = new AttemptStarter(request, this, this.log, tools);
    this.hedge = request.stream && tools.hedges.enabled ? new RequestHedge(request, tools, this.walk) : null;
  }

  start(): void {
    const { timeouts, stream, tenantId } = this.request;
    this.tools.budgets.requestStarted(tenantId);
    this.tools.hedges.requestStarted();
    this.deadline = this.tools.wheel.set(timeouts.totalMs, () => {
      this.expire();
    });
    if (stream) this.delivery.startHold();
    this.goOn();
  }

  /** The client is gone: the upstream is closed at once, or read on where closing it would not stop its charge. */
  clientGone(): void {
    if (this.settled || this.drain !== null || this.startDrain()) return;
    this.abandon({ class: 'client_gone', status: null, message: 'The client went away.' });
    this.settle('client_cancelled', this.learned, null, doNothing);
  }

  /** Ends a running request for a reason of Switchyard's own, such as a key that was revoked meanwhile. */
  cut(error: GatewayError): void {
    if (this.settled) return;
    this.abandon({ class: 'client_gone', status: null, message: error.message });
    if (!this.endDrain(this.learned)) this.fail(error, this.delivery.contentCommitted ? 'truncated' : 'rejected');
  }

  /** Grows with whatever the request uses: unchanged = a checkpoint would say what the last one said. */
  get mark(): number {
    return this.log.count * 1e12 + (this.current?.mark ?? 0);
  }

  /** How the request would stand were it to end now. */
  soFar(): Outcome {
    return this.outcome('truncated', this.learned, null);
  }

  // The walk.

  private goOn(): void {
    const place = this.log.count < this.request.maxAttempts ? this.walk.next() : null;
    if (place === null) this.giveUp();
    else this.starter.begin(place);
  }

  /** A second attempt beside one that is slow. */
  private goBeside(): void {
    const [slow] = this.running;
    if (slow === undefined || !this.mayStart || this.starter.isWaiting) return;
    if (this.log.count >= this.request.maxAttempts) return;
    const place = this.hedge?.place(slow) ?? null;
    if (place !== null) this.starter.begin(place);
  }

  /** Another place at once; else, when `mayRepeat`, the same one after a while. */
  private fallBack(place: Place, failure: UpstreamFailure, mayRepeat: boolean): void {
    this.walk.learn(place, failure.class);
    if (this.log.count >= this.request.maxAttempts) {
      this.giveUp();
      return;
    }
    const other = mayTryOtherCredential(failure.class) ? this.walk.otherCredential(place) : null;
    const next = other ?? this.walk.next();
    if (next !== null) this.starter.begin(next);
    else if (!mayRepeat || !this.repeat(place, failure)) this.giveUp();
  }

  private repeat(place: Place, failure: UpstreamFailure): boolean {
    const { plan, timeouts } = this.request;
    // Where several endpoints failed, one of them once more is less likely to help than the client's own retry.
    if (plan.attempts.length > 1) return false;
    const remainingMs = this.startedAtMs + timeouts.totalMs - this.tools.nowMs();
    const delayMs = sameEndpointDelay(failure, this.retries, remainingMs, this.tools.random);
    if (delayMs === null || this.starter.exhausted(place) !== null) return false;
    this.retries += 1;
    this.backOff = this.tools.wheel.set(delayMs, () => {
      const again = this.walk.again(place);
      if (again === null) this.giveUp();
      else this.starter.begin(again);
    });
    return true;
  }

  // What becomes of a place.

  get mayStart(): boolean {
    return !this.settled && this.drain === null && !this.delivery.contentCommitted;
  }

  started(one: RunningAttempt): void {
    this.running.push(one);
    if (this.running.length > 1) {
      this.hedge?.started(one);
      return;
    }
    this.current = one;
    this.hedge?.watch(one.place.planned, () => {
      this.goBeside();
    });
  }

  notStarted(place: Place, reason: NoStart, failure: UpstreamFailure | null): void {
    if (this.running.length > 0) this.hedge?.refuse(reason);
    else if (failure !== null) this.fallBack(place, failure, false);
    else if (reason === 'dialect' || reason === 'provider') this.goOn();
    else this.giveUp();
  }

  // What the running attempts tell.

  answered(one: RunningAttempt, body: Buffer | string, summary: AnswerSummary): void {
    this.elect(one);
    one.close();
    const learned = { ...summary, broken: false };
    if (this.endDrain(learned)) return;
    this.delivery.markFirstToken();
    const headers = this.servedHeaders();
    this.settle('completed', learned, null, () => {
      this.sink.send(200, headers, body);
    });
  }

  streamed(one: RunningAttempt, text: string, progress: StreamProgress): void {
    if (this.drain !== null) return;
    if (this.delivery.contentCommitted) {
      this.delivery.forward(text);
      return;
    }
    one.prelude += text;
    if (!progress.semantic) return;
    this.elect(one);
    this.delivery.commit(one.prelude);
  }

  finished(one: RunningAttempt, text: string, progress: StreamProgress): void {
    this.elect(one);
    one.close();
    const learned = { ...progress, broken: false };
    if (this.endDrain(learned)) return;
    const last = this.delivery.contentCommitted ? text : one.prelude + text;
    this.delivery.close(progress.semantic);
    this.settle('completed', learned, null, () => {
      this.sink.end(last);
    });
  }

  failed(one: RunningAttempt, failure: UpstreamFailure): void {
    one.fail(failure);
    if (this.endDrain(one.mark > 0 ? one.learned : null)) return;
    if (this.delivery.contentCommitted) {
      this.breakStream(failure);
      return;
    }
    one.leaveAccount(null);
    this.running = this.running.filter((other) => other !== one);
    const [other] = this.running;
    if (other !== undefined) this.current = other;
    // An account that was asked for the attempt beside this one answers yet, and that attempt goes on alone.
    else if (!this.starter.isWaiting) this.fallBack(one.place, failure, true);
  }

  fault(error: unknown): void {
    this.tools.onFault(error, this.request.generationId);
  }

  /** This attempt serves; another one beside it is given up at once. */
  private elect(winner: RunningAttempt): void {
    const loser = this.running.find((one) => one !== winner) ?? null;
    this.current = winner;
    this.running = [winner];
    loser?.lose();
    this.hedge?.decided(winner, loser);
  }

  // What the delivery asks for.

  get isServed(): boolean {
    return this.current !== null;
  }

  servedHeaders(): Record<string, string> {
    const planned = this.current?.prepared.planned;
    if (planned === undefined) return {};
    return {
      'x-switchyard-model': planned.model.id,
      'x-switchyard-provider': planned.endpoint.provider.id,
      'x-switchyard-endpoint': planned.endpoint.tag,
      'x-switchyard-attempts': String(this.log.count),
    };
  }

  pauseUpstream(): void {
    this.isPaused = true;
    for (const one of this.running) one.pause();
  }

  resumeUpstream(): void {
    this.isPaused = false;
    for (const one of this.running) one.resume();
  }

  // How it ends.

  private startDrain(): boolean {
    const [current] = this.running;
    if (this.request.cancelStopsBilling || current?.wasSent !== true || !this.tools.drains.enter()) return false;
    this.elect(current);
    this.delivery.end();
    if (this.isPaused) current.resume();
    this.drain = this.tools.wheel.set(DRAIN_MAX_MS, () => {
      this.expire();
    });
    return true;
  }

  /** True = the answer was read for a client that is gone, and what it used is settled. */
  private endDrain(learned: Learned | null): boolean {
    if (this.drain === null) return false;
    this.settle('client_cancelled', learned, null, doNothing);
    return true;
  }

  private giveUp(): void {
    const { facts } = this.request.plan;
    this.fail(errorAfter(this.log.failed, facts.models, this.tools.random, this.walk.skipped), 'upstream_error');
  }

  /** After content commit the stream can only end honestly: an error event, and no terminator. */
  private breakStream(failure: UpstreamFailure): void {
    const code = failure.class === 'timeout' ? 'upstream_timeout' : 'upstream_invalid';
    this.fail(new GatewayError(code, `The answer broke off: ${failure.message}`), 'truncated');
  }

  private expire(): void {
    if (this.settled) return;
    this.abandon({ class: 'timeout', status: null, message: 'The request ran into its total time limit.' });
    if (this.endDrain(this.learned)) return;
    if (this.delivery.contentCommitted)
      this.breakStream({ class: 'timeout', status: null, message: 'the total time limit was reached.' });
    else this.giveUp();
  }

  /** Closes what runs; of two attempts the first counts as the request's own. */
  private abandon(failure: UpstreamFailure): void {
    const [own] = this.running;
    if (own === undefined) return;
    this.elect(own);
    own.abandon(failure);
  }

  private fail(error: GatewayError, status: OutcomeStatus): void {
    const { client, requestId } = this.request;
    const context = this.current?.prepared.settings.context;
    this.settle(status, this.learned, error, () => {
      if (this.delivery.headersCommitted && context !== undefined) {
        this.sink.end(client.writeStreamError(error, requestId, context));
        return;
      }
      this.request.sendError(error, { 'x-switchyard-attempts': String(this.log.count) });
    });
  }

  /** What is known of the answer under way; `null` = none is. */
  private get learned(): Learned | null {
    const { current, running } = this;
    return current !== null && running.includes(current) ? current.learned : null;
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
    this.backOff?.cancel();
    if (this.drain !== null) {
      this.drain.cancel();
      this.tools.drains.leave();
    }
    this.delivery.end();
    const outcome = this.outcome(status, learned, error);
    this.current?.leaveAccount(outcome.usage);
    if (learned?.broken === false) this.current?.succeed(totalOutput(outcome.usage));
    this.hedge?.decided(null, null);
    this.tools.hedges.requestEnded();
    this.request.onSettled(outcome, sendLast);
  }

  private outcome(status: OutcomeStatus, learned: Learned | null, error: GatewayError | null): Outcome {
    return outcomeOf(this.request, this.tools.pricing, {
      status,
      error,
      learned,
      log: this.log,
      delivery: this.delivery,
      current: this.current?.prepared ?? null,
      latencyMs: this.tools.nowMs() - this.startedAtMs,
    });
  }
}

function doNothing(): void {
  // The client is gone: nobody is left to write to.
}
