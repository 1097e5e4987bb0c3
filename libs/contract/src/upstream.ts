/**
 * What went wrong at an upstream, in classes that decide what happens next.
 *
 * - `connect`, `timeout`, `server`, `overloaded`: passing; the next endpoint is tried.
 * - `rate_limited`: the next endpoint; 429 to the caller only when every attempt ended so.
 * - `auth`, `billing`, `not_found`: Switchyard's own set-up at that provider; the next endpoint.
 * - `invalid_answer`: not the dialect, empty, HTML, oversize, a redirect; the next endpoint.
 * - `truncated`: the stream broke off; the next endpoint while nothing was sent, an in-stream error after.
 * - `endpoint_specific`: a 400 about this endpoint's limits, not about the caller's schema; the next endpoint.
 * - `context_length`, `content_policy`: the next *model* of the caller's list only.
 * - `invalid_request`, `too_large`: the caller's fault; surfaces, except that the next model of the list is tried.
 * - `client_gone`: nobody is left to answer.
 * - `hedge_lost`: given up because the attempt beside it was faster; no failure of anybody.
 */
export const FAILURE_CLASSES = [
  'connect',
  'timeout',
  'server',
  'overloaded',
  'rate_limited',
  'auth',
  'billing',
  'not_found',
  'invalid_answer',
  'truncated',
  'endpoint_specific',
  'context_length',
  'content_policy',
  'invalid_request',
  'too_large',
  'client_gone',
  'hedge_lost',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

export interface UpstreamFailure {
  readonly class: FailureClass;
  /** HTTP status, or the one embedded in a 200; `null` when there was none. */
  readonly status: number | null;
  /** Safe for the caller: upstream wording only for `context_length`, `invalid_request` and `too_large`, else Switchyard's own. */
  readonly message: string;
  readonly retryAfterS?: number;
  /** The upstream's `error.param` or path, where it names one. */
  readonly param?: string;
}

/** Thrown by dialects and transport; caught by dispatch, which classifies, records and moves on. Never shown as it is. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';

  constructor(readonly failure: UpstreamFailure) {
    super(failure.message);
  }
}
