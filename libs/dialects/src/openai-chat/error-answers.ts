import type { ErrorCode, GatewayError, JsonObject } from '@switchyard/contract';
import type { AnswerHead } from '../dialect.js';
import { sseFrame } from '../sse/frame.js';
import { defined } from './fields.js';

/** OpenRouter's `error_type` words: finer than OpenAI's types and the same in both protocols. https://openrouter.ai/docs/api-reference/errors */
const ERROR_TYPES: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'invalid_request',
  context_length_exceeded: 'context_length_exceeded',
  content_policy: 'content_policy_violation',
  authentication: 'authentication',
  budget_exhausted: 'payment_required',
  permission: 'permission_denied',
  model_not_found: 'not_found',
  no_eligible_endpoint: 'not_found',
  not_found: 'not_found',
  method_not_allowed: 'invalid_request',
  conflict: 'invalid_request',
  request_timeout: 'timeout',
  request_too_large: 'payload_too_large',
  unsupported_media_type: 'invalid_request',
  expectation_failed: 'invalid_request',
  rate_limited: 'rate_limit_exceeded',
  headers_too_large: 'invalid_request',
  internal: 'server',
  not_supported: 'invalid_request',
  upstream_invalid: 'provider_unavailable',
  provider_auth: 'provider_unavailable',
  temporarily_unavailable: 'provider_overloaded',
  upstream_timeout: 'timeout',
  overloaded: 'provider_overloaded',
};

/** `{ error: { message, type, param, code, ... }, request_id }`: OpenAI's error object with OpenRouter's additions. */
export function writeError(error: GatewayError, requestId: string): JsonObject {
  return { error: errorObject(error), request_id: requestId };
}

/**
 * An error after the stream began: a whole chunk with `finish_reason: "error"`, as OpenRouter sends it, so that clients
 * which look at choices and clients which look at `error` both notice. No `[DONE]` follows.
 */
export function writeStreamError(error: GatewayError, requestId: string, context: AnswerHead): string {
  const chunk = {
    id: `chatcmpl-${context.generationId}`,
    object: 'chat.completion.chunk',
    created: context.createdS,
    model: context.publicModel,
    provider: context.provider,
    choices: [{ index: 0, delta: { content: '' }, logprobs: null, finish_reason: 'error' }],
    error: errorObject(error),
    request_id: requestId,
  };
  return sseFrame(null, JSON.stringify(chunk));
}

function errorObject(error: GatewayError): JsonObject {
  const { row, details } = error;
  const errorType = ERROR_TYPES[error.code];
  return {
    message: error.message,
    type: details.openaiType ?? row.openai.type,
    param: details.param ?? null,
    code: row.openai.code,
    error_type: errorType,
    http_status: row.status.openai,
    metadata: { ...details.metadata, error_type: errorType },
    ...defined({ availability: details.availability }),
  };
}
