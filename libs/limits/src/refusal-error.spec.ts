import fc from 'fast-check';
import type { GatewayError } from '@switchyard/contract';
import { refusalError } from './refusal-error.js';
import { limitAt } from './testing/requests.js';
import type { Limit, LimitState, Refusal } from './types.js';

const perMinute = limitAt('key', 'requests', 600);

function refusal(change: Partial<Refusal>): Refusal {
  return { cause: 'rate', limit: perMinute, needed: 1, retryAfterMs: 2_400, ...change };
}

function errorOf(change: Partial<Refusal>, random = 0, states: readonly LimitState[] = []): GatewayError {
  return refusalError(refusal(change), states, () => random);
}

describe('the error of a refusal', () => {
  it('names the limit, its value, whose it is and when there is room', () => {
    const error = errorOf({});
    expect(error).toMatchObject({ code: 'rate_limited', details: { openaiType: 'requests', retryAfterS: 3 } });
    expect(error.message).toBe(
      'Rate limit reached: the limit of 600 requests per minute of this key. There is room again in 3 s.',
    );
  });

  it.each(['input_tokens', 'output_tokens'] as const)('calls a limit of %s one of tokens', (dimension) => {
    const limit = limitAt('tenant', dimension, 5_000);
    expect(errorOf({ limit }).details.openaiType).toBe('tokens');
    expect(errorOf({ limit }).message).toContain('5000');
    expect(errorOf({ limit }).message).toContain('of this tenant');
  });

  it('spreads the retries of refused clients: never too early, at most a fifth later, at most a minute', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (ms, random) => {
        const { retryAfterS = 0 } = errorOf({ retryAfterMs: ms }, random).details;
        const waitS = Math.max(1, Math.ceil(ms / 1_000));
        expect(Number.isInteger(retryAfterS)).toBe(true);
        expect(retryAfterS).toBeGreaterThanOrEqual(waitS);
        expect(retryAfterS).toBeLessThanOrEqual(Math.min(60, Math.ceil(waitS * 1.2)));
      }),
    );
  });

  it('tells a longer wait in words only, for clients that would sleep through it', () => {
    const error = errorOf({ retryAfterMs: 125_000 });
    expect(error.details.retryAfterS).toBeUndefined();
    expect(error.details.shouldRetry).toBe(false);
    expect(error.message).toContain('in 2 min 5 s');
  });

  it.each([
    [0, 1],
    [0.5, 2],
    [0.999, 3],
  ])('asks for one to three seconds when all slots are taken (chance %d)', (random, retryAfterS) => {
    const limit = limitAt('key', 'concurrency', 20);
    expect(errorOf({ cause: 'concurrency', limit, retryAfterMs: 1_000 }, random)).toMatchObject({
      code: 'rate_limited',
      message: expect.stringContaining('20 concurrent requests of this key'),
      details: { retryAfterS },
    });
  });

  it.each([
    [0, 2],
    [0.999, 5],
  ])('asks for two to five seconds when running requests hold the budget (chance %d)', (random, retryAfterS) => {
    const limit = limitAt('tenant', 'budget_day', 10_000_000_000);
    expect(errorOf({ cause: 'budget_in_flight', limit, retryAfterMs: 2_000 }, random)).toMatchObject({
      code: 'rate_limited',
      message: expect.stringContaining('the daily budget of $10.00 of this tenant'),
      details: { retryAfterS },
    });
  });

  it('says what to change when a request can never fit, and does not ask to retry', () => {
    const output = errorOf({ cause: 'too_large', limit: limitAt('key', 'output_tokens', 4_000), needed: 5_000 });
    expect(output).toMatchObject({ code: 'invalid_request', details: { param: 'max_tokens' } });
    expect(output.message).toBe(
      'This request may use 5000 output tokens, and the limit of 4000 output tokens per minute of this key can never allow that: lower max_tokens.',
    );
    expect(output.row.shouldRetry).toBe(false);
    const input = errorOf({ cause: 'too_large', limit: limitAt('key', 'input_tokens', 4_000), needed: 5_000 });
    expect(input.message).toContain('shorten the prompt');
  });

  const budget = (dimension: 'budget_day' | 'budget_month' | 'budget_total'): [Limit, LimitState[]] => {
    const limit = limitAt('key', dimension, 2_500_000_000);
    return [limit, [{ limit, remaining: 5, resetMs: 3 * 3_600_000 + 20 * 60_000 }]];
  };

  it.each([
    ['budget_day', 'It resets at 00:00 UTC, in 3 h 20 min.'],
    ['budget_month', 'It resets at 00:00 UTC on the first of the month, in 3 h 20 min.'],
    ['budget_total', 'It does not reset.'],
  ] as const)('tells when an exhausted %s resets, and does not ask to retry', (dimension, reset) => {
    const [limit, states] = budget(dimension);
    const error = errorOf({ cause: 'budget_exhausted', limit, needed: 125_000, retryAfterMs: null }, 0, states);
    expect(error.code).toBe('budget_exhausted');
    expect(error.details).toEqual({});
    expect(error.message).toContain('$0.000125');
    expect(error.message).toContain('$2.50 of this key');
    expect(error.message.endsWith(reset)).toBe(true);
  });

  it('is a passing one when the store is away', () => {
    expect(errorOf({ cause: 'unavailable', limit: null, needed: null, retryAfterMs: 5_000 })).toMatchObject({
      code: 'temporarily_unavailable',
      details: { retryAfterS: 5 },
    });
  });

  it('keeps the figures of an account at a provider from the caller', () => {
    expect(errorOf({ limit: limitAt('credential', 'requests', 4_711) }).message).not.toContain('4711');
  });
});
