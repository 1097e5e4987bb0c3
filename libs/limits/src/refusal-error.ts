import { GatewayError } from '@switchyard/contract';
import type { Dimension, Limit, LimitState, Refusal } from './types.js';
import { isBudget } from './windows.js';

/** Anthropic's SDK sleeps however long `retry-after` says, so that a longer wait is told in words only. */
const RETRY_AFTER_MAX_S = 60;
/** Waiting clients must not all come back at once. */
const JITTER = 0.2;
const SLOT_SPREAD_S = 2;
const IN_FLIGHT_SPREAD_S = 3;

const NAMES: Readonly<Record<Dimension, string>> = {
  requests: 'requests per minute',
  input_tokens: 'input tokens per minute',
  output_tokens: 'output tokens per minute',
  concurrency: 'concurrent requests',
  budget_day: 'daily budget',
  budget_month: 'monthly budget',
  budget_total: 'total budget',
};

/**
 * The error to answer a refusal with; its message names the limit, its value and whose it is. `random` is uniform in
 * [0, 1) and spreads when refused clients come again.
 */
export function refusalError(refusal: Refusal, states: readonly LimitState[], random: () => number): GatewayError {
  switch (refusal.cause) {
    case 'rate':
      return rateError(refusal, random);
    case 'concurrency':
      return limited(
        `Too many requests at once: ${nameOf(refusal.limit)} is reached. Try again when a running request has ended.`,
        secondsOf(refusal, SLOT_SPREAD_S, random),
      );
    case 'too_large':
      return tooLargeError(refusal);
    case 'budget_in_flight':
      return limited(
        `Running requests have reserved the rest of ${nameOf(refusal.limit)}. Try again when one of them has ended.`,
        secondsOf(refusal, IN_FLIGHT_SPREAD_S, random),
      );
    case 'budget_exhausted':
      return new GatewayError(
        'budget_exhausted',
        `This request may cost ${usd(refusal.needed ?? 0)}, more than is left of ${nameOf(refusal.limit)}. ${resetText(refusal.limit, states)}`,
      );
    case 'unavailable':
      return new GatewayError(
        'temporarily_unavailable',
        'Limits and budgets cannot be checked at the moment. Try again shortly.',
        { retryAfterS: secondsOf(refusal, 0, random) },
      );
  }
}

function rateError(refusal: Refusal, random: () => number): GatewayError {
  const waitS = Math.max(1, Math.ceil((refusal.retryAfterMs ?? 0) / 1_000));
  const openaiType = refusal.limit?.dimension === 'requests' ? 'requests' : 'tokens';
  const message = `Rate limit reached: ${nameOf(refusal.limit)}. There is room again in ${durationText(waitS)}.`;
  if (waitS > RETRY_AFTER_MAX_S) return new GatewayError('rate_limited', message, { openaiType, shouldRetry: false });
  const retryAfterS = Math.min(RETRY_AFTER_MAX_S, waitS + Math.round(waitS * JITTER * random()));
  return new GatewayError('rate_limited', message, { openaiType, retryAfterS });
}

function limited(message: string, retryAfterS: number): GatewayError {
  return new GatewayError('rate_limited', message, { openaiType: 'requests', retryAfterS });
}

function tooLargeError({ limit, needed }: Refusal): GatewayError {
  const isOutput = limit?.dimension === 'output_tokens';
  const what = isOutput ? 'output tokens' : limit?.dimension === 'input_tokens' ? 'input tokens' : 'requests';
  const cure = isOutput ? 'lower max_tokens' : 'shorten the prompt';
  const message = `This request may use ${String(needed ?? 0)} ${what}, and ${nameOf(limit)} can never allow that: ${cure}.`;
  return new GatewayError('invalid_request', message, isOutput ? { param: 'max_tokens' } : {});
}

/** `the limit of 600 requests per minute of this key`; an operator's account at a provider is nobody else's business. */
function nameOf(limit: Limit | null): string {
  if (limit === null) return 'the limit';
  if (limit.level === 'credential') return 'the limit of the provider account';
  const owner = limit.level === 'key' ? 'this key' : 'this tenant';
  if (isBudget(limit.dimension)) return `the ${NAMES[limit.dimension]} of ${usd(limit.limit)} of ${owner}`;
  return `the limit of ${String(limit.limit)} ${NAMES[limit.dimension]} of ${owner}`;
}

function resetText(limit: Limit | null, states: readonly LimitState[]): string {
  const state = states.find((candidate) => candidate.limit === limit);
  if (limit === null || state === undefined || limit.dimension === 'budget_total') return 'It does not reset.';
  const moment = limit.dimension === 'budget_day' ? '00:00 UTC' : '00:00 UTC on the first of the month';
  return `It resets at ${moment}, in ${durationText(Math.ceil(state.resetMs / 1_000))}.`;
}

function secondsOf({ retryAfterMs }: Refusal, spreadS: number, random: () => number): number {
  return Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1_000)) + Math.round(spreadS * random());
}

/** The two greatest units: `45 s`, `2 min 5 s`, `3 h 20 min`, `4 d 0 h`. */
function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

/** Exact, without the zeros at its end but with cents: `$10.00`, `$0.000125`. */
function usd(nanoUsd: number): string {
  const whole = Math.floor(nanoUsd / 1e9);
  const fraction = String(nanoUsd % 1e9).padStart(9, '0');
  return `$${whole}.${fraction.slice(0, 2)}${fraction.slice(2).replace(/0+$/, '')}`;
}
