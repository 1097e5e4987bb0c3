import type { JsonObject } from '@switchyard/contract';
import { Refusal } from '../refusal.js';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const TEXTS: Readonly<Record<number, string>> = {
  400: 'messages: at least one message is required',
  401: 'invalid x-api-key',
  402: 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  403: 'Your API key does not have permission to use the specified resource.',
  404: 'model: no-such-model',
  413: 'Request exceeds the maximum size',
  429: "This request would exceed your organization's rate limit of 50 requests per minute.",
  500: 'Internal server error',
  529: 'Overloaded',
};

/** The vendor's usual words for a bare status. */
export function usualRefusal(status: number): Refusal {
  return new Refusal(status, TEXTS[status] ?? 'Internal server error');
}

export function invalid(message: string): Refusal {
  return new Refusal(400, message);
}

export function anthropicErrorType(refusal: Refusal): string {
  return refusal.type ?? TYPES[refusal.status] ?? (refusal.status < 500 ? 'invalid_request_error' : 'api_error');
}

/** The body of an error answer (https://docs.claude.com/en/api/errors). */
export function refusalBody(refusal: Refusal, requestId: string): JsonObject {
  const error = { type: anthropicErrorType(refusal), message: refusal.message };
  return { type: 'error', error, request_id: requestId };
}
