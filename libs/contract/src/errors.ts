import type { JsonObject } from './json.js';

/**
 * The closed table of everything a caller can be told went wrong. One row decides the status and the words of both
 * protocols, so that no call site can invent a combination. Sources: `anthropic` types from Anthropic's error reference,
 * `openai` types and codes from OpenAI's; the differences between the columns are theirs.
 *
 * - `status` HTTP status, per protocol where the two differ.
 * - `shouldRetry` the value of `x-should-retry`, which both official SDKs obey; `null` leaves the SDK's own rule in force.
 */
export interface ErrorRow {
  readonly status: { readonly anthropic: number; readonly openai: number };
  readonly anthropic: string;
  readonly openai: { readonly type: string; readonly code: string | null };
  readonly retryable: boolean;
  readonly shouldRetry: boolean | null;
}

const both = (status: number): ErrorRow['status'] => ({ anthropic: status, openai: status });

export const ERRORS = {
  invalid_request: row(both(400), 'invalid_request_error', 'invalid_request_error', 'invalid_request'),
  context_length_exceeded: row(both(400), 'invalid_request_error', 'invalid_request_error', 'context_length_exceeded'),
  content_policy: row(both(400), 'invalid_request_error', 'invalid_request_error', 'content_policy_violation'),
  authentication: row(both(401), 'authentication_error', 'invalid_request_error', 'invalid_api_key'),
  budget_exhausted: row({ anthropic: 402, openai: 429 }, 'billing_error', 'insufficient_quota', 'insufficient_quota'),
  permission: row(both(403), 'permission_error', 'permission_error', 'permission_denied'),
  model_not_found: row(both(404), 'not_found_error', 'invalid_request_error', 'model_not_found'),
  no_eligible_endpoint: row(both(404), 'not_found_error', 'invalid_request_error', 'no_eligible_endpoint'),
  not_found: row(both(404), 'not_found_error', 'invalid_request_error', 'not_found'),
  method_not_allowed: row(both(405), 'invalid_request_error', 'invalid_request_error', 'method_not_allowed'),
  request_timeout: row(both(408), 'timeout_error', 'server_error', 'timeout', true, null),
  conflict: row(both(409), 'invalid_request_error', 'invalid_request_error', 'conflict'),
  request_too_large: row(both(413), 'request_too_large', 'invalid_request_error', 'request_too_large'),
  unsupported_media_type: row(both(415), 'invalid_request_error', 'invalid_request_error', 'unsupported_media_type'),
  expectation_failed: row(both(417), 'invalid_request_error', 'invalid_request_error', 'expectation_failed'),
  rate_limited: row(both(429), 'rate_limit_error', 'requests', 'rate_limit_exceeded', true, null),
  headers_too_large: row(both(431), 'invalid_request_error', 'invalid_request_error', 'headers_too_large'),
  internal: row(both(500), 'api_error', 'server_error', 'internal_error', true, null),
  not_supported: row(both(501), 'not_supported', 'invalid_request_error', 'not_supported'),
  upstream_invalid: row(both(502), 'api_error', 'server_error', 'upstream_invalid', true, true),
  provider_auth: row(both(502), 'api_error', 'server_error', 'provider_auth', true, true),
  temporarily_unavailable: row(both(503), 'overloaded_error', 'server_error', 'temporarily_unavailable', true, true),
  upstream_timeout: row(both(504), 'timeout_error', 'server_error', 'timeout', true, true),
  overloaded: row({ anthropic: 529, openai: 503 }, 'overloaded_error', 'server_error', 'overloaded', true, true),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** `docs_url` of an availability code: its heading on the page that explains errors, relative to the repository. */
export function errorDocsUrl(availabilityCode: string): string {
  return `docs/errors.md#${availabilityCode}`;
}

function row(
  status: ErrorRow['status'],
  anthropic: string,
  openaiType: string,
  openaiCode: string | null,
  retryable = false,
  shouldRetry: boolean | null = retryable,
): ErrorRow {
  return { status, anthropic, openai: { type: openaiType, code: openaiCode }, retryable, shouldRetry };
}

/** What an error answer carries beside its code. Everything here is safe to show to the caller. */
export interface ErrorDetails {
  /** The request field at fault, as the caller wrote it (`provider_order`, `messages.0.content`). */
  readonly param?: string;
  /** `error.availability`, in OpenRouter's form. */
  readonly availability?: JsonObject;
  /** `error.metadata`: `previous_errors` and the like, never an upstream body. */
  readonly metadata?: JsonObject;
  /** Seconds; becomes `retry-after`. */
  readonly retryAfterS?: number;
  /** Overrides the row's `x-should-retry`: a wait that is too long for a client to sleep through. */
  readonly shouldRetry?: boolean;
  /** Overrides the row's OpenAI `type` where one code has several (`requests` or `tokens` of a 429). */
  readonly openaiType?: string;
}

/**
 * An error meant for the caller. Throwing it neither logs nor counts: the edge does both, once.
 * `message` is Switchyard's own text, or the wording of an upstream 400/413, never an upstream body.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }
}
