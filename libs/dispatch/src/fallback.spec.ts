import { FAILURE_CLASSES } from '@switchyard/contract';
import type { FailureClass } from '@switchyard/contract';
import { errorAfter, isModelBound } from './fallback.js';
import type { FailedAttempt } from './fallback.js';

const NO_JITTER = (): number => 0;

const failed = (
  failure: FailureClass,
  fields: { provider?: string; status?: number; retryAfterS?: number; message?: string } = {},
): FailedAttempt => ({
  record: {
    model: 'acme/m1',
    provider: fields.provider ?? 'one',
    endpoint: fields.provider ?? 'one',
    status: fields.status ?? null,
    errorClass: failure,
    latencyMs: 1,
  },
  failure: {
    class: failure,
    status: fields.status ?? null,
    message: fields.message ?? 'what the upstream may be quoted with',
    ...(fields.retryAfterS !== undefined && { retryAfterS: fields.retryAfterS }),
  },
});

describe('isModelBound', () => {
  const BOUND: readonly FailureClass[] = ['invalid_request', 'too_large', 'context_length', 'content_policy'];

  it.each(FAILURE_CLASSES)('knows whether another host of the model would repeat %s', (failure) => {
    expect(isModelBound(failure)).toBe(BOUND.includes(failure));
  });
});

describe('errorAfter', () => {
  it.each<[string, readonly FailureClass[], string, number]>([
    ['every upstream limits the rate', ['rate_limited', 'rate_limited'], 'rate_limited', 429],
    ['every failure is passing', ['connect', 'timeout', 'server', 'overloaded'], 'temporarily_unavailable', 503],
    ['some wait would help', ['rate_limited', 'server'], 'temporarily_unavailable', 503],
    ['a passing failure is among nonsense', ['invalid_answer', 'server'], 'temporarily_unavailable', 503],
    ['every answer is nonsense', ['invalid_answer', 'invalid_answer'], 'upstream_invalid', 502],
    ['credential and nonsense mix', ['auth', 'invalid_answer'], 'upstream_invalid', 502],
    ['every upstream refuses the credential', ['auth', 'billing'], 'provider_auth', 502],
    ['the last model refuses the request', ['server', 'invalid_request'], 'invalid_request', 400],
    ['the last endpoint refuses the request as its own', ['endpoint_specific'], 'invalid_request', 400],
    ['the prompt does not fit', ['context_length'], 'context_length_exceeded', 400],
    ['the body is too large upstream', ['too_large'], 'request_too_large', 413],
  ])('when %s: %j is %s, %i', (_name, failures, code, status) => {
    const error = errorAfter(
      failures.map((failure) => failed(failure)),
      ['acme/m1'],
      NO_JITTER,
    );
    expect(error.code).toBe(code);
    expect(error.row.status.openai).toBe(status);
  });

  it('keeps the wording of a refused request, which clients parse', () => {
    const message = 'prompt is too long: 250000 tokens > 200000 maximum';
    expect(errorAfter([failed('context_length', { message })], ['acme/m1'], NO_JITTER).message).toBe(message);
  });

  it('quotes no upstream in a passing failure', () => {
    const error = errorAfter([failed('server', { message: 'stack trace of the upstream' })], ['acme/m1'], NO_JITTER);
    expect(JSON.stringify([error.message, error.details])).not.toContain('stack trace');
  });

  it('names provider, class and status of every attempt', () => {
    const error = errorAfter(
      [failed('server', { provider: 'one', status: 500 }), failed('connect', { provider: 'two' })],
      ['acme/m1'],
      NO_JITTER,
    );
    expect(error.details.metadata).toEqual({
      previous_errors: [
        { provider: 'one', code: 'server', status: 500 },
        { provider: 'two', code: 'connect', status: null },
      ],
    });
  });

  it('waits for the shortest hint, jittered by at most a fifth and never over a minute', () => {
    const hints = [failed('rate_limited', { retryAfterS: 30 }), failed('rate_limited', { retryAfterS: 10 })];
    expect(errorAfter(hints, [], () => 0).details.retryAfterS).toBe(10);
    expect(errorAfter(hints, [], () => 0.999).details.retryAfterS).toBe(12);
    expect(errorAfter([failed('rate_limited', { retryAfterS: 3600 })], [], () => 0).details.retryAfterS).toBe(60);
  });

  it('says that all eligible endpoints were limited or unavailable in the words of the availability object', () => {
    const limited = errorAfter([failed('rate_limited')], ['acme/m1'], NO_JITTER).details.availability;
    expect(limited).toMatchObject({
      code: 'capacity_exhausted',
      retryable: true,
      requested_models: ['acme/m1'],
      affected_providers: ['one'],
    });
    expect(errorAfter([failed('server')], ['acme/m1'], NO_JITTER).details.availability).toMatchObject({
      code: 'temporarily_unavailable',
    });
  });
});
