import { rateLimitHeaders } from './headers.js';
import { limitAt, shadowOf } from './testing/requests.js';
import type { Dimension, LimitLevel, LimitState } from './types.js';

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0, 200);

function state(level: LimitLevel, dimension: Dimension, limit: number, remaining: number, resetMs: number): LimitState {
  return { limit: limitAt(level, dimension, limit), remaining, resetMs };
}

const STATES = [
  state('tenant', 'requests', 1_000, 700, 18_000),
  state('key', 'requests', 600, 599, 100),
  state('key', 'input_tokens', 100_000, 87_654, 7_408),
  state('key', 'output_tokens', 50_000, 49_400, 720),
  state('key', 'concurrency', 20, 3, 0),
  state('tenant', 'budget_month', 500_000, 4, 1_000_000),
];

describe('rate limit headers', () => {
  it('are twelve for the Messages protocol, with the time at which each bucket is full', () => {
    expect(rateLimitHeaders('messages', STATES, NOW_MS)).toEqual({
      'anthropic-ratelimit-requests-limit': '600',
      'anthropic-ratelimit-requests-remaining': '599',
      'anthropic-ratelimit-requests-reset': '2026-11-20T12:00:01Z',
      'anthropic-ratelimit-tokens-limit': '50000',
      'anthropic-ratelimit-tokens-remaining': '49000',
      'anthropic-ratelimit-tokens-reset': '2026-11-20T12:00:01Z',
      'anthropic-ratelimit-input-tokens-limit': '100000',
      'anthropic-ratelimit-input-tokens-remaining': '88000',
      'anthropic-ratelimit-input-tokens-reset': '2026-11-20T12:00:08Z',
      'anthropic-ratelimit-output-tokens-limit': '50000',
      'anthropic-ratelimit-output-tokens-remaining': '49000',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-20T12:00:01Z',
    });
  });

  it('are six for the Chat protocol, with durations', () => {
    expect(rateLimitHeaders('chat', STATES, NOW_MS)).toEqual({
      'x-ratelimit-limit-requests': '600',
      'x-ratelimit-remaining-requests': '599',
      'x-ratelimit-reset-requests': '100ms',
      'x-ratelimit-limit-tokens': '50000',
      'x-ratelimit-remaining-tokens': '49400',
      'x-ratelimit-reset-tokens': '720ms',
    });
  });

  it('tell of the limit that has less left, be it the key or the tenant', () => {
    const tenant = state('tenant', 'requests', 50, 10, 1_000);
    const key = state('key', 'requests', 20, 15, 1_000);
    for (const states of [
      [tenant, key],
      [key, tenant],
    ]) {
      expect(rateLimitHeaders('chat', states, NOW_MS)).toMatchObject({ 'x-ratelimit-limit-requests': '50' });
    }
  });

  it.each(['messages', 'chat'] as const)('leave out what has no limit (%s)', (protocol) => {
    const requests = [state('key', 'requests', 50, 10, 1_000)];
    const names = Object.keys(rateLimitHeaders(protocol, requests, NOW_MS));
    expect(names).toHaveLength(3);
    expect(names.every((name) => name.includes('requests'))).toBe(true);
    expect(rateLimitHeaders(protocol, [], NOW_MS)).toEqual({});
  });

  it.each(['messages', 'chat'] as const)(
    'say nothing of limits in shadow, nor of the account at a provider (%s)',
    (protocol) => {
      const states = [
        state('credential', 'requests', 5, 1, 1_000),
        { limit: shadowOf('requests', 9), remaining: 1, resetMs: 1_000 },
      ];
      expect(rateLimitHeaders(protocol, states, NOW_MS)).toEqual({});
    },
  );

  it('never tell of less than nothing', () => {
    const debt = [state('key', 'requests', 50, -3, 1_000), state('key', 'output_tokens', 5_000, -4_000, 1_000)];
    expect(rateLimitHeaders('messages', debt, NOW_MS)).toMatchObject({
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-output-tokens-remaining': '0',
    });
    expect(rateLimitHeaders('chat', debt, NOW_MS)).toMatchObject({ 'x-ratelimit-remaining-tokens': '0' });
  });

  it.each([
    [999, 700, '700'],
    [1_499, 1_499, '1000'],
    [1_700, 1_600, '1700'],
    [100_000, 87_499, '87000'],
    [100_000, 87_500, '88000'],
  ])('round tokens to thousands where that says anything: limit %d, remaining %d', (limit, remaining, told) => {
    const states = [state('key', 'output_tokens', limit, remaining, 0)];
    expect(rateLimitHeaders('messages', states, NOW_MS)['anthropic-ratelimit-output-tokens-remaining']).toBe(told);
  });

  it.each([
    [0, '0s'],
    [20, '20ms'],
    [1_000, '1s'],
    [7_660, '7.66s'],
    [59_999, '59.999s'],
    [60_000, '1m0s'],
    [360_000, '6m0s'],
    [3_661_500, '1h1m1.5s'],
    [86_400_000, '24h0m0s'],
  ])('write %d milliseconds as Go does: %s', (resetMs, told) => {
    const states = [state('key', 'requests', 10, 1, resetMs)];
    expect(rateLimitHeaders('chat', states, NOW_MS)['x-ratelimit-reset-requests']).toBe(told);
  });
});
