import type { PlannedAttempt, RequestFacts } from '@switchyard/contract';

/** Far more than a token has on average: no answer that keeps to its limit is cut. */
const CHARACTERS_PER_TOKEN_AT_MOST = 8;
const SLACK = 1.1;
const SLACK_TOKENS = 256;
/** Thinking that hosts of the OpenAI dialect may not count against `max_tokens`. */
const UNCOUNTED_THINKING_TOKENS = 32_768;

/**
 * Characters of content that an answer has at most if its upstream honours the limit of the request, or of the model
 * where the request has none; `Infinity` = nothing bounds it. For `choices` answers together.
 */
export function contentLengthMax(facts: RequestFacts, { endpoint, model }: PlannedAttempt, choices: number): number {
  const tokens = facts.maxOutputTokens ?? endpoint.maxOutputTokens ?? model.maxOutputTokens;
  if (tokens === null || facts.outputModalities.some((modality) => modality !== 'text')) return Infinity;
  const thinks = endpoint.provider.dialect === 'openai-chat' && (asksReasoning(facts) || isThinker(endpoint));
  const most = tokens * SLACK + SLACK_TOKENS + (thinks ? UNCOUNTED_THINKING_TOKENS : 0);
  return most * CHARACTERS_PER_TOKEN_AT_MOST * Math.max(1, choices);
}

export function asksReasoning({ parameters }: RequestFacts): boolean {
  return parameters.includes('reasoning') || parameters.includes('reasoning_effort');
}

function isThinker({ supportedParameters }: PlannedAttempt['endpoint']): boolean {
  return supportedParameters?.has('reasoning') === true;
}
