import type { FailureClass, UpstreamFailure } from '@switchyard/contract';

/** Further tries at an endpoint that is the only one. */
export const SAME_ENDPOINT_RETRIES = 2;

const BACK_OFF_BASE_MS = 50;
const BACK_OFF_MAX_MS = 2_000;
/** Longest wait that an upstream may ask for and get. */
const ASKED_WAIT_MAX_MS = 10_000;
/** Of the time that is left, at most this share is spent on a wait that an upstream asked for. */
const ASKED_WAIT_SHARE = 1 / 3;

/** Failures that may be over in a moment, of requests that the upstream did not work on for long. A time-out is not among them. */
const BRIEF: ReadonlySet<FailureClass> = new Set<FailureClass>(['connect', 'overloaded', 'server', 'truncated']);

/**
 * How long to wait before the only endpoint that a request may go to is tried again; milliseconds, `null` = not at all.
 * `retry` counts from 0.
 */
export function sameEndpointDelay(
  failure: UpstreamFailure,
  retry: number,
  remainingMs: number,
  random: () => number,
): number | null {
  if (retry >= SAME_ENDPOINT_RETRIES) return null;
  const askedMs = failure.retryAfterS === undefined ? null : failure.retryAfterS * 1_000;
  if (askedMs !== null && askedMs > Math.min(ASKED_WAIT_MAX_MS, remainingMs * ASKED_WAIT_SHARE)) return null;
  if (failure.class === 'rate_limited') return askedMs;
  if (!BRIEF.has(failure.class)) return null;
  const delayMs = Math.max(askedMs ?? 0, random() * Math.min(BACK_OFF_MAX_MS, BACK_OFF_BASE_MS * 2 ** retry));
  return delayMs < remainingMs ? delayMs : null;
}
