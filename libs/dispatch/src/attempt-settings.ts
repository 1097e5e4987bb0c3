import type { Credential, JsonObject, PlannedAttempt, Provider, Timeouts } from '@switchyard/contract';
import { dialectOf, relayRequest } from '@switchyard/dialects';
import type { AnswerContext, Dialect, RelayedRequest } from '@switchyard/dialects';
import { profileFor } from '@switchyard/providers';
import type { UpstreamRequest } from '@switchyard/transport';
import type { AttemptSettings } from './attempt.js';
import { addressOf } from './address-of.js';
import { poolKeyOf, signInHeaders } from './callers-account.js';
import { asksReasoning, contentLengthMax } from './content-bound.js';
import type { DispatchRequest, DispatchTools, Pricing } from './dispatch-request.js';
import type { AttemptRecord } from './outcome.js';
import { routingMetadata } from './routing-metadata.js';
import { costAndSource } from './charge.js';

/** Largest whole answer read into memory. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface PreparedAttempt {
  readonly planned: PlannedAttempt;
  readonly credentialId: string;
  readonly dropped: readonly string[];
  readonly settings: AttemptSettings;
}

/** Everything one try needs: body, headers, time limits. Throws when the request cannot be put into the endpoint's dialect. */
export function prepareAttempt(
  request: DispatchRequest,
  planned: PlannedAttempt,
  credential: Credential,
  tools: Pick<DispatchTools, 'pricing' | 'guard'>,
  attempts: () => readonly AttemptRecord[],
): PreparedAttempt {
  const { endpoint, model } = planned;
  const { provider } = endpoint;
  const profile = profileFor(provider);
  const upstream = dialectOf(provider.dialect);
  const target = {
    endpoint,
    model,
    deviations: profile.deviations,
    origin: profile.id,
    ...(request.hashUser && { hashUser: request.hashUser }),
  };
  const relayed = relayRequest(request.client, upstream, request.body, target, request.isHintKey, request.conversation);
  const timeouts = timeoutsFor(request, provider);
  const origin = {
    origin: profile.id,
    deviations: profile.deviations,
    renamed: relayed.renamed,
    ...(relayed.shape && { shape: relayed.shape }),
  };
  const settings: AttemptSettings = {
    planned,
    client: request.client,
    upstream,
    request: {
      ...upstreamRequest(request, provider, upstream, relayed, credential, timeouts),
      guard: provider.callers?.ownHost === true ? tools.guard() : null,
    },
    origin,
    context: { ...contextFor(request, planned, relayed.dropped, attempts, tools.pricing), origin: profile.id },
    stream: request.stream,
    timeouts,
    asksReasoning: asksReasoning(request.plan.facts),
    contentLengthMax: contentLengthMax(request.plan.facts, planned, request.choices),
    secrets: secretsOf(provider, credential),
    wholeAnswerMs: Math.min(request.timeouts.nonStreamMs, timeouts.totalMs),
  };
  return { planned, credentialId: credential.id, dropped: relayed.dropped, settings };
}

function upstreamRequest(
  request: DispatchRequest,
  provider: Provider,
  upstream: Dialect,
  relayed: RelayedRequest,
  credential: Credential,
  timeouts: Timeouts,
): Omit<UpstreamRequest, 'guard'> {
  const { origin, prefix } = addressOf(provider);
  const forwarded = request.client.id === upstream.id ? request.forwardedHeaders : {};
  return {
    origin,
    path: prefix + upstream.path,
    method: 'POST',
    headers: {
      ...signInHeaders(upstream, credential),
      ...provider.headers,
      ...forwarded,
      'content-type': 'application/json',
      accept: request.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
    },
    body: relayed.body,
    poolKey: poolKeyOf(provider, credential),
    isPassing: provider.callers !== undefined,
    connectTimeoutMs: timeouts.connectMs,
    headersTimeoutMs: request.stream ? timeouts.headersMs : request.timeouts.nonStreamMs,
    maxBodyBytes: request.stream ? Number.MAX_SAFE_INTEGER : ANSWER_BYTES_MAX,
  };
}

function contextFor(
  request: DispatchRequest,
  planned: PlannedAttempt,
  dropped: readonly string[],
  attempts: () => readonly AttemptRecord[],
  pricing: Pricing,
): Omit<AnswerContext, 'origin'> {
  const { endpoint, model } = planned;
  return {
    generationId: request.generationId,
    createdS: request.createdS,
    publicModel: model.id,
    provider: endpoint.provider.id,
    includeUsage: request.includeUsage,
    compatNaga: request.compatNaga,
    // What the answer says is what the record will say: both judge the upstream's report alike.
    costFields: (report, contentLength): JsonObject => {
      const { cost, byokCost } = costAndSource(request, pricing, planned, {
        usage: report,
        contentLength,
        broken: false,
      });
      return pricing.costFields(byokCost ?? cost, byokCost !== null);
    },
    routing: request.wantsRouting ? () => routingMetadata(request.plan, planned, attempts(), dropped) : null,
  };
}

/** The whole request has a clock of its own, so an attempt needs one only where its provider's is shorter. */
function timeoutsFor({ timeouts }: DispatchRequest, provider: Provider): Timeouts {
  const totalMs = provider.timeouts.totalMs ?? Infinity;
  return { ...timeouts, ...provider.timeouts, totalMs: totalMs < timeouts.totalMs ? totalMs : Infinity };
}

const SECRET_HEADER = /auth|key|token|secret/;

/** The credential, and what else the operator's headers sign in with. */
function secretsOf({ headers }: Provider, { apiKey, signIn = {} }: Credential): readonly string[] {
  const signing = Object.keys(headers).filter((name) => SECRET_HEADER.test(name.toLowerCase()));
  return [apiKey, ...Object.values(signIn), ...signing.map((name) => headers[name] ?? '')];
}
