import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { GatewayError, PROTOCOL_DIALECT, isJsonObject } from '@switchyard/contract';
import type { Protocol } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import { decodeRequest, dialectOf } from '@switchyard/dialects';
import type { DecodedBody, Dialect } from '@switchyard/dialects';
import { Dispatch } from '@switchyard/dispatch';
import type { DispatchRequest } from '@switchyard/dispatch';
import { requirePermission } from '@switchyard/identity';
import type { Caller } from '@switchyard/identity';
import { isHintKey } from '@switchyard/routing';
import { RuntimeState } from '../control/runtime-state.js';
import type { Loaded } from '../control/runtime-state.js';
import { Planner, planErrorOf } from '../stops/planner.js';
import type { PlannedRequest } from '../stops/planner.js';
import { Settlement } from '../stops/settlement.js';
import { DispatchRuntime } from './dispatch-runtime.js';
import { forwardedHeadersOf, headerOf } from './forwarded-headers.js';
import { HttpSink } from './http-sink.js';
import { keyHeadersOf } from './credentials-of.js';
import { checkBodyHeaders, readBody } from './read-body.js';
import type { BodyLimits } from './read-body.js';
import { commonHeaders, generationIdOf } from './request-ids.js';
import type { RequestIds } from './request-ids.js';
import { sendError, sendErrorAndClose } from './send-error.js';

/** One request on its way through the stops. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly ids: RequestIds;
  readonly protocol: Protocol;
  readonly dialect: Dialect;
  readonly loaded: Loaded;
}

/** `POST /v1/messages` and `POST /v1/chat/completions`: the eight stops of a request, in order. */
@Injectable()
export class InferenceHandler {
  constructor(
    private readonly state: RuntimeState,
    private readonly planner: Planner,
    private readonly runtime: DispatchRuntime,
    private readonly settlement: Settlement,
  ) {}

  handle(protocol: Protocol, request: IncomingMessage, response: ServerResponse, ids: RequestIds): void {
    const dialect = dialectOf(PROTOCOL_DIALECT[protocol]);
    const exchange: Exchange = { request, response, ids, protocol, dialect, loaded: this.state.current };
    let caller: Caller;
    let limits: BodyLimits;
    try {
      caller = this.authenticate(exchange);
      limits = bodyLimitsOf(exchange.loaded);
      checkBodyHeaders(request, limits);
    } catch (error) {
      this.refuseUnread(exchange, error);
      return;
    }
    readBody(request, limits, this.runtime.tools.wheel, (error, bytes) => {
      if (error === null) this.serve(exchange, caller, bytes);
      else this.refuseUnread(exchange, error);
    });
  }

  private authenticate({ request, loaded }: Exchange): Caller {
    const caller = loaded.keyRing.authenticate(keyHeadersOf(request));
    requirePermission(caller, 'inference');
    return caller;
  }

  private serve(exchange: Exchange, caller: Caller, bytes: Buffer): void {
    const { request, protocol, dialect, loaded } = exchange;
    try {
      const body = decodeRequest(dialect, bytes, { maxDepth: loaded.config.server.maxBodyDepth });
      const planned = this.planner.planFor({
        caller,
        protocol,
        body: body.json,
        sessionIdHeader: headerOf(request, 'x-session-id'),
      });
      const refusal = planErrorOf(planned.plan);
      if (refusal !== null) throw refusal;
      this.dispatch(exchange, caller, body, planned);
    } catch (error) {
      this.refuse(exchange, error, caller);
    }
  }

  private dispatch(exchange: Exchange, caller: Caller, body: DecodedBody, planned: PlannedRequest): void {
    const { response, ids } = exchange;
    const dispatch = new Dispatch(
      this.dispatchRequest(exchange, caller, body, planned),
      new HttpSink(response, { ...commonHeaders(ids), 'x-generation-id': generationIdOf(ids) }),
      this.runtime.tools,
    );
    response.on('close', () => {
      dispatch.clientGone();
    });
    dispatch.start();
  }

  private dispatchRequest(
    exchange: Exchange,
    caller: Caller,
    body: DecodedBody,
    planned: PlannedRequest,
  ): DispatchRequest {
    const { request, response, ids, dialect, loaded } = exchange;
    const { plan, policy, hints } = planned;
    let conversation: Conversation | null = null;
    return {
      requestId: ids.requestId,
      generationId: ids.unique,
      createdS: Math.floor(Date.now() / 1_000),
      client: dialect,
      body,
      conversation: () => (conversation ??= dialect.readRequest(body.json)),
      plan,
      policy,
      stream: plan.facts.stream,
      includeUsage: wantsUsage(body),
      compatNaga: caller.compat.has('naga'),
      wantsRouting: headerOf(request, 'x-switchyard-metadata')?.toLowerCase() === 'enabled',
      forwardedHeaders: forwardedHeadersOf(request),
      timeouts: loaded.config.timeouts,
      maxAttempts: loaded.config.routing.maxAttempts,
      isHintKey,
      sendError: (error, headers) => {
        sendError(response, error, dialect, ids, { 'x-generation-id': generationIdOf(ids), ...headers });
      },
      onSettled: (outcome) => {
        this.settlement.settle({ ids, caller, protocol: exchange.protocol, sessionId: hints.sessionId }, outcome);
      },
    };
  }

  private refuseUnread(exchange: Exchange, error: unknown): void {
    const { request, response, dialect, ids } = exchange;
    if (response.destroyed) return;
    sendErrorAndClose(request, response, this.presentable(error, exchange, null), dialect, ids);
  }

  private refuse(exchange: Exchange, error: unknown, caller: Caller): void {
    const { response, dialect, ids } = exchange;
    const presentable = this.presentable(error, exchange, caller);
    if (response.headersSent) response.destroy();
    else sendError(response, presentable, dialect, ids);
  }

  /** A caller is told of its own faults; a fault of Switchyard's is logged and told as no more than that. */
  private presentable(error: unknown, { ids, protocol }: Exchange, caller: Caller | null): GatewayError {
    if (error instanceof GatewayError) {
      this.settlement.refused({ ids, protocol, keyId: caller?.keyId ?? null }, error);
      return error;
    }
    this.runtime.tools.onFault(error, ids.unique);
    return new GatewayError('internal', 'An internal error occurred. The request id identifies it in the gateway log.');
  }
}

function bodyLimitsOf({ config }: Loaded): BodyLimits {
  return { maxBytes: config.server.maxBodyBytes, timeoutMs: config.timeouts.clientBodyMs };
}

function wantsUsage({ json }: DecodedBody): boolean {
  const options = json['stream_options'];
  return isJsonObject(options) && options['include_usage'] === true;
}
