import type { Plan, RequestFacts } from '@switchyard/contract';
import type { BodyBounds, DecodedBody } from '@switchyard/dialects';
import type { Demand } from '@switchyard/limits';
import { inputTokensUpperBound, worstCaseOf } from '@switchyard/metering';
import type { CallerLimits } from './caller-limits.js';

/** The marker of Anthropic's prompt cache, and of its longer lifetime, as they stand in any JSON body that has them. */
const CACHE_MARKER = Buffer.from('"cache_control"');
const HOUR_MARKER = Buffer.from('"1h"');

/** Part of an output bucket that a request is taken to use when it does not say: others must fit beside it. */
const UNDECLARED_SHARE = 0.25;
/** Output assumed of an endpoint that states no limit, for a request that declares none. */
const UNSTATED_OUTPUT = 32_768;

/** A planned request, as far as its demand goes. */
export interface DemandingRequest {
  readonly plan: Plan;
  readonly body: Pick<DecodedBody, 'bytes' | 'characters'>;
  /** Characters of text that will be tokenised. */
  readonly textLength: number;
  readonly bounds: BodyBounds;
  /** Tokens that a host may put in front of the prompt. */
  readonly frame: number;
}

/**
 * What a request asks of the limits before anything is known of its answer. Token rates are asked for what is expected of
 * the input and the most of the output; budgets for the most that any planned endpoint could charge.
 */
export function demandOf(request: DemandingRequest, limits: CallerLimits): Demand {
  const { plan, bounds } = request;
  return {
    inputTokens: plan.facts.promptTokensEstimate,
    outputTokens: outputTokens(plan, limits) * bounds.choices,
    costNanoUsd: limits.hasBudget ? worstCost(request) : 0,
  };
}

/** The most tokens that the request's own text and images can have. */
export function promptBound({ plan, body, textLength, bounds }: DemandingRequest): number {
  return inputTokensUpperBound({
    characters: textLength,
    extraBytes: body.bytes.length - body.characters,
    messages: bounds.messages,
    images: plan.facts.images,
    frame: 0,
  });
}

function worstCost(request: DemandingRequest): number {
  const { plan, bounds, frame } = request;
  const { bytes } = request.body;
  const { facts, attempts } = plan;
  const known = {
    inputTokensUpperBound: isOpaque(facts) ? null : promptBound(request) + frame,
    outputTokensMax: facts.maxOutputTokens,
    images: facts.images,
    choices: bounds.choices,
    webSearchesMax: bounds.webSearchesMax,
    writesCache: cacheWritten(bytes),
    audio: facts.inputModalities.includes('audio') || facts.outputModalities.includes('audio'),
  };
  // Budgets are of what the operator's accounts are charged.
  const charged = attempts.filter(({ endpoint }) => endpoint.provider.callers === undefined);
  const worst = worstCaseOf(known, charged);
  if (worst.isBounded) return worst.costNanoUsd;
  // An endpoint that states neither context nor output limit: what is left is an assumption.
  const assumed = {
    ...known,
    inputTokensUpperBound: known.inputTokensUpperBound ?? bytes.length,
    outputTokensMax: known.outputTokensMax ?? UNSTATED_OUTPUT,
  };
  return Math.max(worst.costNanoUsd, worstCaseOf(assumed, charged).costNanoUsd);
}

/** Content whose tokens nothing in its bytes bounds. */
export function isOpaque({ inputModalities }: RequestFacts): boolean {
  return inputModalities.some((modality) => modality === 'file' || modality === 'audio' || modality === 'video');
}

/** A marker inside quoted text counts too: one too many costs a little room for as long as the request runs. */
function cacheWritten(bytes: Buffer): '5m' | '1h' | null {
  if (!bytes.includes(CACHE_MARKER)) return null;
  return bytes.includes(HOUR_MARKER) ? '1h' : '5m';
}

/**
 * As declared, else the most that a planned endpoint gives, but never so much that the request could not pass an empty
 * bucket: a limit that nobody declared must not make a request impossible.
 */
function outputTokens({ facts, attempts }: Plan, { all }: CallerLimits): number {
  if (facts.maxOutputTokens !== null) return facts.maxOutputTokens;
  const most = attempts.map(({ endpoint, model }) => endpoint.maxOutputTokens ?? model.maxOutputTokens ?? 0);
  const buckets = all.filter(({ dimension }) => dimension === 'output_tokens').map(({ limit }) => limit);
  return Math.min(Math.max(0, ...most), ...buckets.map((limit) => Math.ceil(limit * UNDECLARED_SHARE)));
}
