import type { Endpoint, Modality, RequestFacts } from '@switchyard/contract';
import { reason } from './request-view.js';
import type { Filter } from './request-view.js';

/** An endpoint that states no quantization matches `unknown` alone. */
export const quantizationAllowed: Filter = (reasons, { quantization }, _asked, { policy }) => {
  const own = quantization ?? 'unknown';
  for (const { layer, values } of policy.quantizations) {
    if (values.has(own)) continue;
    reasons.push(
      reason('quantization', layer, `quantizations permits ${[...values].join(', ')}, endpoint runs ${own}`),
    );
  }
};

/** Most tokens that the endpoint takes as prompt and output together; `null` = unknown. */
export function contextOf(endpoint: Endpoint, model: { readonly contextLength: number | null }): number | null {
  return endpoint.contextLength ?? model.contextLength;
}

/** Most tokens that the endpoint produces; `null` = unknown. */
export function outputLimitOf(endpoint: Endpoint, model: { readonly maxOutputTokens: number | null }): number | null {
  return endpoint.maxOutputTokens ?? model.maxOutputTokens;
}

/** True when the prompt and the wanted output do not fit into the context. Unknown context lengths are given the benefit. */
export function overflows(
  endpoint: Endpoint,
  model: { readonly contextLength: number | null },
  facts: RequestFacts,
): boolean {
  const context = contextOf(endpoint, model);
  return context !== null && facts.promptTokensEstimate + (facts.maxOutputTokens ?? 0) > context;
}

export const contextFits: Filter = (reasons, endpoint, { model }, { facts }) => {
  const { promptTokensEstimate, maxOutputTokens } = facts;
  if (overflows(endpoint, model, facts)) {
    const context = contextOf(endpoint, model) ?? 0;
    const wanted = `a prompt of about ${promptTokensEstimate} tokens and ${maxOutputTokens ?? 0} of output`;
    reasons.push(reason('context_length', null, `${wanted} do not fit into a context of ${context}`));
  }
  const limit = outputLimitOf(endpoint, model);
  if (limit !== null && maxOutputTokens !== null && maxOutputTokens > limit) {
    reasons.push(reason('context_length', null, `max_tokens ${maxOutputTokens} is above the endpoint's ${limit}`));
  }
};

export const modalitiesFit: Filter = (reasons, { modalities }, _asked, { facts }) => {
  const without = (needed: readonly Modality[], offered: readonly Modality[]): readonly Modality[] =>
    needed.every((modality) => offered.includes(modality))
      ? []
      : needed.filter((modality) => !offered.includes(modality));
  const input = without(facts.inputModalities, modalities.input);
  const output = without(facts.outputModalities, modalities.output);
  if (input.length > 0) reasons.push(reason('modality', null, `endpoint takes no ${input.join(', ')} input`));
  if (output.length > 0) reasons.push(reason('modality', null, `endpoint gives no ${output.join(', ')} output`));
};

/** The names of one parameter: the gateway writes whichever the endpoint takes. */
const SYNONYMS: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

/** True when the endpoint states the parameter and its dialect has a form for it; `null` = it states no parameters at all. */
export function supports(endpoint: Endpoint, parameter: string, facts: RequestFacts): boolean | null {
  if (isInexpressible(endpoint, parameter, facts)) return false;
  const stated = endpoint.supportedParameters;
  return stated === null ? null : stated.has(parameter) || stated.has(SYNONYMS[parameter] ?? parameter);
}

function isInexpressible(endpoint: Endpoint, parameter: string, facts: RequestFacts): boolean {
  return facts.inexpressible[endpoint.provider.dialect]?.includes(parameter) ?? false;
}

/** Names every parameter that would be lost, and how: not taken by the endpoint, or without a form in its dialect. */
export const parametersSupported: Filter = (reasons, endpoint, _asked, { facts, policy }) => {
  const rule = policy.rules.requireParameters;
  if (rule === null) return;
  // What a dialect cannot express need not be a word of `supported_parameters`: `cache_control` and the like count too.
  const inexpressible = facts.inexpressible[endpoint.provider.dialect] ?? [];
  const missing = facts.parameters.filter(
    (parameter) => !inexpressible.includes(parameter) && supports(endpoint, parameter, facts) !== true,
  );
  if (missing.length > 0) {
    const stated =
      endpoint.supportedParameters === null ? 'endpoint states no parameters, asked for' : 'endpoint lacks';
    reasons.push(reason('require_parameters', rule.layer, `${stated} ${missing.join(', ')}`));
  }
  if (inexpressible.length > 0) {
    const detail = `${endpoint.provider.dialect} has no form for ${inexpressible.join(', ')}`;
    reasons.push(reason('require_parameters', rule.layer, detail));
  }
};
