import type { Dimension, LimitState } from './types.js';

type Family = 'requests' | 'tokens' | 'input-tokens' | 'output-tokens';

/** The dimensions that each family of headers tells of. Slots and money have none. */
const FAMILIES = {
  messages: {
    requests: ['requests'],
    tokens: ['input_tokens', 'output_tokens'],
    'input-tokens': ['input_tokens'],
    'output-tokens': ['output_tokens'],
  },
  chat: { requests: ['requests'], tokens: ['input_tokens', 'output_tokens'] },
} as const satisfies Record<string, Partial<Record<Family, readonly Dimension[]>>>;

/** Anthropic rounds tokens that remain to thousands. */
const TOKENS_ROUNDED_TO = 1_000;

/**
 * What the caller has left after this request, in the words of the protocol that it speaks: of the tenant's and the key's limits the
 * one that has less. A family without a limit is left out, and so are limits in shadow and the operator's own at providers.
 * https://docs.claude.com/en/api/rate-limits#response-headers, https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
 */
export function rateLimitHeaders(
  protocol: 'messages' | 'chat',
  states: readonly LimitState[],
  nowMs: number,
): Record<string, string> {
  const own = states.filter(({ limit }) => limit.mode === 'enforce' && limit.level !== 'credential');
  const headers: Record<string, string> = {};
  for (const [family, dimensions] of Object.entries(FAMILIES[protocol])) {
    const state = tightest(own.filter(({ limit }) => dimensions.some((dimension) => dimension === limit.dimension)));
    if (state === null) continue;
    Object.assign(headers, protocol === 'messages' ? anthropic(family, state, nowMs) : openai(family, state));
  }
  return headers;
}

function tightest(states: readonly LimitState[]): LimitState | null {
  let found: LimitState | null = null;
  for (const state of states) if (found === null || state.remaining < found.remaining) found = state;
  return found;
}

function anthropic(family: string, { limit, remaining, resetMs }: LimitState, nowMs: number): Record<string, string> {
  const prefix = `anthropic-ratelimit-${family}`;
  const left = Math.max(0, family === 'requests' ? remaining : roundedTokens(remaining, limit.limit));
  // Whole seconds, and never before the bucket is full.
  const resetAt = new Date(Math.ceil((nowMs + resetMs) / 1_000) * 1_000);
  return {
    [`${prefix}-limit`]: String(limit.limit),
    [`${prefix}-remaining`]: String(left),
    [`${prefix}-reset`]: resetAt.toISOString().replace('.000Z', 'Z'),
  };
}

/** A limit too small for the rounding is told exactly. */
function roundedTokens(remaining: number, limit: number): number {
  if (limit < TOKENS_ROUNDED_TO) return remaining;
  return Math.min(limit, Math.round(remaining / TOKENS_ROUNDED_TO) * TOKENS_ROUNDED_TO);
}

function openai(family: string, { limit, remaining, resetMs }: LimitState): Record<string, string> {
  return {
    [`x-ratelimit-limit-${family}`]: String(limit.limit),
    [`x-ratelimit-remaining-${family}`]: String(Math.max(0, remaining)),
    [`x-ratelimit-reset-${family}`]: goDuration(resetMs),
  };
}

/** As Go writes a duration, https://pkg.go.dev/time#Duration.String: `20ms`, `1.5s`, `6m0s`, `1h0m0s`. */
function goDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  if (durationMs < 1_000) return `${durationMs}ms`;
  const seconds = (durationMs % 60_000) / 1_000;
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes === 0) return `${seconds}s`;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}s` : `${hours}h${minutes % 60}m${seconds}s`;
}
