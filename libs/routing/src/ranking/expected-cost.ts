import { PICO_PER_USD, priceFor } from '@switchyard/contract';
import type { Endpoint, Model, RequestFacts } from '@switchyard/contract';
import { contextOf, outputLimitOf } from '../filters/capability-filters.js';

/** Output assumed of a request that declares no limit. */
const TYPICAL_OUTPUT_TOKENS = 512;

/**
 * What this request will probably cost at the endpoint, in pico-USD: prompt estimate and declared (or typical) output at
 * the prices in force for the prompt's length, and the price per request. `null` when prompt or completion has no price.
 */
export function expectedCostPico(endpoint: Endpoint, facts: RequestFacts): number | null {
  const { promptTokensEstimate, maxOutputTokens } = facts;
  const { prompt, completion, request } = priceFor(endpoint.price, endpoint.priceTiers, promptTokensEstimate);
  if (prompt === null || completion === null) return null;
  return promptTokensEstimate * prompt + (maxOutputTokens ?? TYPICAL_OUTPUT_TOKENS) * completion + (request ?? 0);
}

/**
 * The most this request can cost at the endpoint, in USD: the whole prompt at its dearest kind of input (written to a
 * cache, say), output up to the declared or the endpoint's limit at its dearest kind, images and the price per request.
 * Prices that are not known count as 0, so the figure is a lower bound where `expectedCostPico` is `null`.
 */
export function worstCaseCostUsd(endpoint: Endpoint, model: Model, facts: RequestFacts): number {
  const price = priceFor(endpoint.price, endpoint.priceTiers, facts.promptTokensEstimate);
  const input = Math.max(price.prompt ?? 0, price.cacheWrite ?? 0, price.cacheWrite1h ?? 0, price.cacheRead ?? 0);
  const output = Math.max(price.completion ?? 0, price.reasoning ?? 0);
  const pico =
    facts.promptTokensEstimate * input +
    mostOutputTokens(endpoint, model, facts) * output +
    facts.images * (price.image ?? 0) +
    (price.request ?? 0);
  return pico / PICO_PER_USD;
}

function mostOutputTokens(endpoint: Endpoint, model: Model, facts: RequestFacts): number {
  if (facts.maxOutputTokens !== null) return facts.maxOutputTokens;
  const context = contextOf(endpoint, model);
  const room = context === null ? null : Math.max(0, context - facts.promptTokensEstimate);
  const limit = outputLimitOf(endpoint, model);
  if (limit === null) return room ?? TYPICAL_OUTPUT_TOKENS;
  return room === null ? limit : Math.min(limit, room);
}
