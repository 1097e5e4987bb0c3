import { FAILURE_CLASSES } from '@switchyard/contract';
import type { FailureClass } from '@switchyard/contract';
import { SAME_ENDPOINT_RETRIES, sameEndpointDelay } from './retry-delay.js';

const failed = (failure: FailureClass, retryAfterS?: number) => ({
  class: failure,
  status: null,
  message: '',
  ...(retryAfterS !== undefined && { retryAfterS }),
});
const LONG_MS = 900_000;
const almostOne = (): number => 0.999_999;

describe('the wait before the same endpoint is tried again', () => {
  it.each(FAILURE_CLASSES)('is for failures that may be over in a moment: %s', (failure) => {
    const isBrief = ['connect', 'overloaded', 'server', 'truncated'].includes(failure);
    expect(sameEndpointDelay(failed(failure), 0, LONG_MS, almostOne) !== null).toBe(isBrief);
  });

  it('grows from try to try, fully jittered, and ends after the last', () => {
    const delays = [0, 1].map((retry) => sameEndpointDelay(failed('server'), retry, LONG_MS, almostOne) ?? 0);
    expect(delays.map(Math.round)).toEqual([50, 100]);
    expect(sameEndpointDelay(failed('server'), 0, LONG_MS, () => 0)).toBe(0);
    expect(sameEndpointDelay(failed('server'), SAME_ENDPOINT_RETRIES, LONG_MS, almostOne)).toBeNull();
  });

  it.each([
    ['overloaded', 3, 900_000, 3_000],
    ['overloaded', 11, 900_000, null],
    ['rate_limited', 3, 900_000, 3_000],
    ['rate_limited', 10, 900_000, 10_000],
    ['rate_limited', 11, 900_000, null],
    ['rate_limited', 3, 8_000, null],
    ['rate_limited', undefined, 900_000, null],
  ] as const)('after %s with retry-after %s and %i ms left is %s ms', (failure, retryAfterS, remainingMs, delayMs) => {
    expect(sameEndpointDelay(failed(failure, retryAfterS), 0, remainingMs, almostOne)).toBe(delayMs);
  });

  it('does not go beyond the time that is left', () => {
    expect(sameEndpointDelay(failed('server'), 1, 90, almostOne)).toBeNull();
  });
});
