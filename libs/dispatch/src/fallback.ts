import { GatewayError, errorDocsUrl } from '@switchyard/contract';
import type { ErrorDetails, FailureClass, JsonObject, PlannedAttempt, UpstreamFailure } from '@switchyard/contract';
import type { AttemptRecord } from './outcome.js';

/** Failures that another endpoint of the same model would repeat: only another model of the caller's list may help. */
const MODEL_BOUND: ReadonlySet<FailureClass> = new Set<FailureClass>([
  'invalid_request',
  'too_large',
  'context_length',
  'content_policy',
]);
/** Switchyard's own set-up at the provider. */
const SETUP: ReadonlySet<FailureClass> = new Set<FailureClass>(['auth', 'billing']);
/** Answers that make no sense: no reason to believe that waiting helps. */
const NONSENSE: ReadonlySet<FailureClass> = new Set<FailureClass>(['invalid_answer', 'not_found', 'auth', 'billing']);
/** Failures for which another credential of the same endpoint is worth a try. */
const CREDENTIAL_BOUND: ReadonlySet<FailureClass> = new Set<FailureClass>(['auth', 'billing', 'rate_limited']);

const RETRY_AFTER_MAX_S = 60;
const RETRY_JITTER = 0.2;

/** Whether only another model may help after this failure. */
export function isModelBound(failure: FailureClass): boolean {
  return MODEL_BOUND.has(failure);
}

export function mayTryOtherCredential(failure: FailureClass): boolean {
  return CREDENTIAL_BOUND.has(failure);
}

/** A failed attempt together with what the upstream said. */
export interface FailedAttempt {
  readonly record: AttemptRecord;
  readonly failure: UpstreamFailure;
}

/**
 * What the caller is told once no attempt is left. A fault of the request surfaces as it is, in the upstream's wording
 * that clients parse; otherwise the mix of failures decides: all rate limited 429, all nonsense or set-up 502, else 503.
 * `skipped` endpoints were never asked: they are named, and decide nothing.
 */
export function errorAfter(
  failed: readonly FailedAttempt[],
  requestedModels: readonly string[],
  random: () => number,
  skipped: readonly PlannedAttempt[] = [],
): GatewayError {
  const last = failed.at(-1);
  const metadata: JsonObject = { previous_errors: [...failed.map(previousError), ...skipped.map(passedOver)] };
  if (last === undefined) {
    return new GatewayError('temporarily_unavailable', 'No endpoint could be tried within the time allowed.', {
      metadata,
    });
  }
  const { failure } = last;
  const details: ErrorDetails = { metadata, ...(failure.param !== undefined && { param: failure.param }) };
  switch (failure.class) {
    case 'invalid_request':
    case 'endpoint_specific':
      return new GatewayError('invalid_request', failure.message, details);
    case 'context_length':
      return new GatewayError('context_length_exceeded', failure.message, details);
    case 'content_policy':
      return new GatewayError('content_policy', failure.message, details);
    case 'too_large':
      return new GatewayError('request_too_large', failure.message, details);
    default:
      return transientError(failed, requestedModels, metadata, random);
  }
}

function transientError(
  failed: readonly FailedAttempt[],
  requestedModels: readonly string[],
  metadata: JsonObject,
  random: () => number,
): GatewayError {
  const every = (test: (failure: FailureClass) => boolean): boolean => failed.every((one) => test(one.failure.class));
  const retryAfterS = retryAfter(failed, random);
  const details = (code: string): ErrorDetails => ({
    metadata,
    ...(retryAfterS !== undefined && { retryAfterS }),
    availability: {
      code,
      retryable: true,
      ...(retryAfterS !== undefined && { retry_after: retryAfterS }),
      requested_models: [...requestedModels],
      affected_providers: [...new Set(failed.map((one) => one.record.provider))],
      docs_url: errorDocsUrl(code),
    },
  });
  const tried = failed.length === 1 ? 'The only eligible endpoint' : `All ${String(failed.length)} attempts`;
  if (every((failure) => failure === 'rate_limited')) {
    const message = `${tried} ended rate limited by the provider. Try again later.`;
    return new GatewayError('rate_limited', message, details('capacity_exhausted'));
  }
  if (every((failure) => SETUP.has(failure))) {
    return new GatewayError('provider_auth', `${tried} failed: the provider refused the gateway's credential.`, {
      metadata,
    });
  }
  if (every((failure) => NONSENSE.has(failure))) {
    const message = `${tried} failed: no usable answer came back (${summary(failed)}).`;
    return new GatewayError('upstream_invalid', message, { metadata });
  }
  const message = `${tried} failed for passing reasons (${summary(failed)}). Try again.`;
  return new GatewayError('temporarily_unavailable', message, details('temporarily_unavailable'));
}

function summary(failed: readonly FailedAttempt[]): string {
  return failed.map((one) => `${one.record.provider}: ${one.failure.class}`).join(', ');
}

function previousError(one: FailedAttempt): JsonObject {
  return { provider: one.record.provider, code: one.failure.class, status: one.record.status };
}

function passedOver({ endpoint }: PlannedAttempt): JsonObject {
  return { provider: endpoint.provider.id, code: 'skipped', status: null };
}

/** The shortest wait any upstream asked for, spread by up to 20 % so that callers do not return in one herd. Whole seconds. */
function retryAfter(failed: readonly FailedAttempt[], random: () => number): number | undefined {
  const hints = failed.map((one) => one.failure.retryAfterS).filter((hint) => hint !== undefined);
  if (hints.length === 0) return undefined;
  return Math.min(RETRY_AFTER_MAX_S, Math.ceil(Math.min(...hints) * (1 + random() * RETRY_JITTER)));
}
