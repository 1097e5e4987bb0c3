import type { JsonObject, Plan, RequestFacts } from '@switchyard/contract';
import { describePolicy } from '../policy/describe-policy.js';
import type { MergedPolicy } from '../policy/merge-policy.js';

/** Parameters that an endpoint has to be able to do, as opposed to those that tune it. */
const FEATURES: ReadonlySet<string> = new Set([
  'tools',
  'response_format',
  'structured_outputs',
  'reasoning',
  'reasoning_effort',
  'include_reasoning',
  'web_search_options',
  'prediction',
  'logprobs',
  'verbosity',
]);

/**
 * The answer of `POST /v1/routing/explain`: what was known of the request, under whose rules, what will be tried and
 * what not, and why. `error` holds code, message and availability as planned; whoever answers replaces it with the body
 * of the client's protocol.
 */
export function explainPlan(plan: Plan, policy: MergedPolicy, planId: string): JsonObject {
  return {
    object: 'routing.plan',
    id: planId,
    catalog_version: plan.catalogVersion,
    policy_hash: plan.policyHash,
    seed: plan.seed,
    facts: describeFacts(plan.facts),
    policy: describePolicy(policy),
    attempts: plan.attempts.map((attempt) => ({
      rank: attempt.rank,
      model: attempt.model.id,
      provider: attempt.endpoint.provider.id,
      endpoint: attempt.endpoint.tag,
      expected_cost_usd: attempt.expectedCostUsd,
      worst_case_cost_usd: attempt.worstCaseCostUsd,
      first_choice_probability: attempt.firstChoiceProbability,
      because: attempt.because,
    })),
    rejected: plan.rejected.map(({ model, provider, endpoint, reasons }) => ({
      model,
      provider,
      endpoint,
      reasons: reasons.map(({ code, layer, detail }) => ({ code, layer, detail })),
    })),
    error: plan.error === null ? null : { ...plan.error },
    warnings: plan.warnings,
  };
}

function describeFacts(facts: RequestFacts): JsonObject {
  return {
    models: facts.models,
    features: [
      ...facts.parameters.filter((parameter) => FEATURES.has(parameter)),
      ...facts.inputModalities.filter((modality) => modality !== 'text'),
    ],
    prompt_tokens_estimate: facts.promptTokensEstimate,
    max_output_tokens: facts.maxOutputTokens,
    stream: facts.stream,
  };
}
