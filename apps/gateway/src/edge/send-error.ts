import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayError } from '@switchyard/contract';
import type { Dialect } from '@switchyard/dialects';
import { commonHeaders } from './request-ids.js';
import type { RequestIds } from './request-ids.js';

/** How long a client that is still sending an unwanted body may go on before its connection is cut. */
export const LINGER_MS = 1_000;

/** The status an error has in a dialect's protocol. */
export function statusOf(error: GatewayError, dialect: Dialect): number {
  return dialect.id === 'anthropic-messages' ? error.row.status.anthropic : error.row.status.openai;
}

/** Answers with an error in the protocol's own shape. Nothing may have been written before. */
export function sendError(
  response: ServerResponse,
  error: GatewayError,
  dialect: Dialect,
  ids: RequestIds,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify(dialect.writeError(error, ids.requestId));
  const { retryAfterS, shouldRetry = error.row.shouldRetry } = error.details;
  response.writeHead(statusOf(error, dialect), {
    ...commonHeaders(ids),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(shouldRetry !== null && { 'x-should-retry': String(shouldRetry) }),
    ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
    ...headers,
  });
  response.end(body);
}

/** Refuses a request whose body was not read to its end: the connection cannot be used again. */
export function sendErrorAndClose(
  request: IncomingMessage,
  response: ServerResponse,
  error: GatewayError,
  dialect: Dialect,
  ids: RequestIds,
): void {
  sendError(response, error, dialect, ids, { connection: 'close' });
  setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
}
