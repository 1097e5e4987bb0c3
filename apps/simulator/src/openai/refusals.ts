import type { JsonObject } from '@switchyard/contract';
import { Refusal } from '../refusal.js';

interface Usual {
  readonly message: string;
  readonly type: string;
  readonly code?: string;
}

const SERVER_ERROR: Usual = {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
};

const USUAL: Readonly<Record<number, Usual>> = {
  401: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
  402: { message: 'Insufficient balance.', type: 'insufficient_quota', code: 'insufficient_quota' },
  403: { message: 'You do not have access to this resource.', type: 'permission_error' },
  404: {
    message: 'The model `no-such-model` does not exist or you do not have access to it.',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  429: {
    message: 'Rate limit reached for requests. Please try again in 1s.',
    type: 'requests',
    code: 'rate_limit_exceeded',
  },
  503: {
    message: 'The engine is currently overloaded, please try again later.',
    type: 'server_error',
    code: 'overloaded',
  },
};

/** The vendor's usual words for a bare status. */
export function usualRefusal(status: number): Refusal {
  const usual =
    USUAL[status] ?? (status < 500 ? { message: 'Invalid request.', type: 'invalid_request_error' } : SERVER_ERROR);
  return new Refusal(status, usual.message, usual);
}

export function invalid(message: string, param: string, code?: string): Refusal {
  return new Refusal(400, message, { param, ...(code === undefined ? {} : { code }) });
}

export function tooLong(kind: 'array' | 'string', path: string, most: number, length: number): Refusal {
  const article = kind === 'array' ? 'an array' : 'a string';
  const message =
    `Invalid '${path}': ${kind} too long. Expected ${article} with maximum length ${most}, ` +
    `but got ${article} with length ${length} instead.`;
  return invalid(message, path, `${kind}_above_max_length`);
}

export function wrongKey(key: string | undefined): Refusal {
  const message =
    key === undefined
      ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
      : `Incorrect API key provided: ${key.slice(0, 3)}***. You can find your API key at https://platform.openai.com/account/api-keys.`;
  return new Refusal(401, message, { code: 'invalid_api_key' });
}

/** The body of an error answer (https://platform.openai.com/docs/guides/error-codes). */
export function refusalBody(refusal: Refusal): JsonObject {
  const type = refusal.type ?? (refusal.status < 500 ? 'invalid_request_error' : 'server_error');
  return { error: { message: refusal.message, type, param: refusal.param, code: refusal.code } };
}
