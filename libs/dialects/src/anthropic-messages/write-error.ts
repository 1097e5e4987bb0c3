import type { GatewayError, JsonObject } from '@switchyard/contract';
import { sseFrame } from '../sse/frame.js';
import { optional } from './json-fields.js';

/** `{type: "error", error: {type, message, ...}, request_id}`, the shape of every error of Anthropic's API. */
export function writeError(error: GatewayError, requestId: string): JsonObject {
  const { availability, metadata } = error.details;
  return {
    type: 'error',
    error: {
      type: error.row.anthropic,
      message: error.message,
      ...optional('error_type', metadata?.['error_type']),
      ...optional('availability', availability),
      ...optional('metadata', metadata),
    },
    request_id: requestId,
  };
}

/** The error as the last event of a stream: no `message_stop` may follow it. */
export function writeStreamError(error: GatewayError, requestId: string): string {
  return sseFrame('error', JSON.stringify(writeError(error, requestId)));
}
