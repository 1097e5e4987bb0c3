import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { GatewayError, PROTOCOL_DIALECT, isJsonObject } from '@switchyard/contract';
import type { Protocol } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import { decodeRequest, dialectOf } from '@switchyard/dialects';
import type { BodyBounds, DecodedBody, Dialect } from '@switchyard/dialects';
import { Dispatch } from '@switchyard/dispatch';
import type { ClientSink, DispatchRequest } from '@switchyard/dispatch';
import { requirePermission } from '@switchyard/identity';
import type { Caller } from '@switchyard/identity';
import { isHintKey } from '@switchyard/routing';
import { RuntimeState } from '../control/runtime-state.js';
import type { Loaded } from '../control/runtime-state.js';
import { Planner, planErrorOf } from '../stops/planner.js';
import type { PlannedRequest } from '../stops/planner.js';
import type { Claim } from '../stops/idempotency/claim.js';
import { hasIdempotencyKey } from '../stops/idempotency/idempotency-key.js';
import { userHasher } from '../stops/hash-user.js';
import { replayAnswer } from '../stops/idempotency/replay-answer.js';
import type { Reserved } from '../stops/reserver.js';
import { Stops } from '../stops/stops.js';
import { checkBody, checkImages } from './body-guard.js';
import { attemptsAllowed, totalTimeoutMs } from './caller-patience.js';
import { DispatchRuntime } from './dispatch-runtime.js';
import { forwardedHeadersOf, headerOf } from './forwarded-headers.js';
import { HttpSink } from './http-sink.js';
import { keyHeadersOf } from './credentials-of.js';
import { checkBodyHeaders, readBody } from './read-body.js';
import type { BodyLimits } from './read-body.js';
import { commonHeaders, generationIdOf } from './request-ids.js';
import type { RequestIds } from './request-ids.js';
import { sendError, sendErrorAndClose } from './send-error.js';
import { OverloadedAnswers } from './send-overloaded.js';

/** One request on its way through the stops. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly ids: RequestIds;
  readonly protocol: Protocol;
  readonly dialect: Dialect;
  readonly loaded: Loaded;
  /** `null` = the request may run as often as it is sent. */
  readonly claim: Claim | null;
}

/** The same once it is known who asks for what, and where it may go. */
interface PlannedExchange extends Exchange {
  readonly caller: Caller;
  readonly body: DecodedBody;
  readonly planned: PlannedRequest;
  readonly bounds: BodyBounds;
  /** How long the whole request may take; milliseconds. */
  readonly totalMs: number;
}

/** `POST /v1/messages` and `POST /v1/chat/completions`: the eight stops of a request, in order. */
@Injectable()
export class InferenceHandler {
  private readonly overloaded: OverloadedAnswers;

  constructor(
    private readonly state: RuntimeState,
    private readonly planner: Planner,
    private readonly runtime: DispatchRuntime,
    private readonly stops: Stops,
  ) {
    this.overloaded = new OverloadedAnswers(stops.gate.overload);
  }

  handle(protocol: Protocol, request: IncomingMessage, response: ServerResponse, ids: RequestIds): void {
    const dialect = dialectOf(PROTOCOL_DIALECT[protocol]);
    const exchange: Exchange = { request, response, ids, protocol, dialect, loaded: this.state.current, claim: null };
    let caller: Caller;
    try {
      caller = this.authenticate(exchange);
    } catch (error) {
      this.refuseStranger(exchange, error);
      return;
    }
    const { strangers, overload } = this.stops.gate;
    strangers.letIn(request.socket);
    if (overload.refusal() !== null) {
      this.overloaded.send(request, response, dialect, ids);
      return;
    }
    overload.entered(response);
    this.read(exchange, caller);
  }

  private read(exchange: Exchange, caller: Caller): void {
    const { request, response, loaded } = exchange;
    const limits = this.bodyLimitsOf(loaded);
    try {
      checkBodyHeaders(request, limits);
    } catch (error) {
      this.refuseUnread(exchange, error);
      return;
    }
    readBody({ request, response, limits }, this.runtime.tools.wheel, (error, bytes) => {
      if (error !== null) this.refuseUnread(exchange, error);
      else if (hasIdempotencyKey(request)) this.serveOnce(exchange, caller, bytes);
      else this.serve(exchange, caller, bytes);
    });
  }

  private serveOnce(exchange: Exchange, caller: Caller, body: Buffer): void {
    const { request, response, ids, protocol, loaded } = exchange;
    this.stops.idempotency.claim({ request, response, owner: ids.unique, protocol, loaded, caller, body }).then(
      (claimed) => {
        if ('replay' in claimed) replayAnswer(response, ids, claimed.replay);
        else this.serve({ ...exchange, claim: claimed.claim }, caller, body);
      },
      (error: unknown) => {
        this.refuse(exchange, error, caller);
      },
    );
  }

  private bodyLimitsOf({ config }: Loaded): BodyLimits {
    const { server, timeouts } = config;
    return { maxBytes: server.maxBodyBytes, timeoutMs: timeouts.clientBodyMs, big: this.stops.gate.overload };
  }

  private authenticate({ request, loaded }: Exchange): Caller {
    const caller = loaded.keyRing.authenticate(keyHeadersOf(request));
    requirePermission(caller, 'inference');
    return caller;
  }

  private serve(exchange: Exchange, caller: Caller, bytes: Buffer): void {
    const { request, protocol, dialect, loaded } = exchange;
    try {
      const totalMs = totalTimeoutMs(request, loaded.config.timeouts.totalMs);
      const body = decodeRequest(dialect, bytes, { maxDepth: loaded.config.server.maxBodyDepth });
      checkBody(body);
      const planned = this.planner.planFor({
        caller,
        protocol,
        body: body.json,
        sessionIdHeader: headerOf(request, 'x-session-id'),
      });
      checkImages(planned.plan.facts, loaded.config.server.maxImages);
      const refusal = planErrorOf(planned.plan);
      if (refusal !== null) throw refusal;
      this.reserve({ ...exchange, caller, body, planned, bounds: dialect.readBounds(body.json), totalMs });
    } catch (error) {
      this.refuse(exchange, error, caller);
    }
  }

  private reserve(exchange: PlannedExchange): void {
    const { ids, caller, protocol, loaded, body, planned, bounds, response } = exchange;
    const { plan, textLength } = planned;
    this.stops.reserver.reserve(
      {
        id: ids.unique,
        caller,
        limits: loaded.limitsOf(caller),
        protocol,
        plan,
        body,
        textLength,
        bounds,
        isGone: () => response.destroyed,
      },
      (reservation) => {
        if (reservation.outcome === 'reserved') this.dispatch(exchange, reservation.reserved);
        else if (reservation.outcome === 'refused')
          this.sendRefusal(exchange, reservation.error, caller, reservation.headers);
      },
    );
  }

  private dispatch(exchange: PlannedExchange, reserved: Reserved): void {
    const { response } = exchange;
    let dispatch: Dispatch;
    try {
      const sink = sinkOf(exchange, reserved);
      dispatch = new Dispatch(this.dispatchRequest(exchange, reserved), sink, this.runtime.tools);
    } catch (error) {
      this.stops.reserver.abandon(reserved);
      this.refuse(exchange, error, exchange.caller);
      return;
    }
    response.on('close', () => {
      dispatch.clientGone();
    });
    this.stops.running.add({ start: reserved.start, dispatch, held: reserved.held });
    dispatch.start();
  }

  private dispatchRequest(exchange: PlannedExchange, reserved: Reserved): DispatchRequest {
    const { request, response, ids, dialect, loaded, caller, body, protocol, bounds } = exchange;
    const { plan, policy, hints } = exchange.planned;
    let conversation: Conversation | null = null;
    return {
      requestId: ids.requestId,
      tenantId: caller.tenantId,
      generationId: ids.unique,
      createdS: Math.floor(Date.now() / 1_000),
      client: dialect,
      body,
      conversation: () => (conversation ??= dialect.readRequest(body.json)),
      plan,
      policy,
      stream: plan.facts.stream,
      includeUsage: wantsUsage(body),
      choices: bounds.choices,
      compatNaga: caller.compat.has('naga'),
      wantsRouting: headerOf(request, 'x-switchyard-metadata')?.toLowerCase() === 'enabled',
      forwardedHeaders: forwardedHeadersOf(request),
      timeouts: { ...loaded.config.timeouts, totalMs: exchange.totalMs },
      maxAttempts: attemptsAllowed(request, loaded.config.routing.maxAttempts),
      cancelStopsBilling: loaded.config.routing.cancelStopsBilling,
      isHintKey,
      hashUser: userHasher(loaded.config.security, caller),
      sendError: (error, headers) => {
        const admitted = { 'x-generation-id': generationIdOf(ids), ...reserved.headers };
        sendError(response, error, dialect, ids, { ...admitted, ...headers });
      },
      onSettled: (outcome, sendLast) => {
        const settled = { ids, caller, protocol, sessionId: hints.sessionId, reserved };
        exchange.claim?.settled(outcome);
        this.stops.settlement.settle(settled, outcome, sendLast);
      },
    };
  }

  private refuseUnread(exchange: Exchange, error: unknown): void {
    const { request, response, dialect, ids } = exchange;
    if (response.destroyed) return;
    sendErrorAndClose(request, response, this.presentable(error, exchange, null), dialect, ids);
  }

  /** A failed authentication counts against the address it came from; who fails too often is told to wait. */
  private refuseStranger(exchange: Exchange, error: unknown): void {
    const { request } = exchange;
    this.stops.gate.failures.answerTo(error, keyHeadersOf(request), request.socket.remoteAddress).then(
      (answer) => {
        this.refuseUnread(exchange, answer);
      },
      (fault: unknown) => {
        this.refuseUnread(exchange, fault);
      },
    );
  }

  private refuse(exchange: Exchange, error: unknown, caller: Caller): void {
    const limits = exchange.loaded.limitsOf(caller);
    if (limits.all.length === 0) {
      this.sendRefusal(exchange, error, caller, {});
      return;
    }
    this.stops.reserver.headersOf(caller, limits, exchange.protocol).then(
      (headers) => {
        this.sendRefusal(exchange, error, caller, headers);
      },
      (fault: unknown) => {
        this.sendRefusal(exchange, fault, caller, {});
      },
    );
  }

  private sendRefusal(
    exchange: Exchange,
    error: unknown,
    caller: Caller,
    headers: Readonly<Record<string, string>>,
  ): void {
    const { response, dialect, ids, claim } = exchange;
    const presentable = this.presentable(error, exchange, caller);
    claim?.release();
    if (response.headersSent) response.destroy();
    else sendError(response, presentable, dialect, ids, headers);
  }

  /** A caller is told of its own faults; a fault of Switchyard's is logged and told as no more than that. */
  private presentable(error: unknown, { ids, protocol }: Exchange, caller: Caller | null): GatewayError {
    if (error instanceof GatewayError) {
      this.stops.settlement.refused({ ids, protocol, keyId: caller?.keyId ?? null }, error);
      return error;
    }
    this.runtime.tools.onFault(error, ids.unique);
    return new GatewayError('internal', 'An internal error occurred. The request id identifies it in the gateway log.');
  }
}

/** Nobody keeps an answer whose request forbids that it is retained or collected. */
function sinkOf({ response, ids, claim, planned }: PlannedExchange, reserved: Reserved): ClientSink {
  const headers = { ...commonHeaders(ids), 'x-generation-id': generationIdOf(ids), ...reserved.headers };
  const sink = new HttpSink(response, headers);
  const { zdr, dataCollection } = planned.policy;
  return claim === null ? sink : claim.copying(sink, headers, zdr === null && dataCollection === null);
}

function wantsUsage({ json }: DecodedBody): boolean {
  const options = json['stream_options'];
  return isJsonObject(options) && options['include_usage'] === true;
}
