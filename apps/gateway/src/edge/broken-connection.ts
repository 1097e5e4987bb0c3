import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '@switchyard/contract';
import type { ErrorCode } from '@switchyard/contract';
import { openaiChat } from '@switchyard/dialects';
import { newRequestIds } from './request-ids.js';
import { LINGER_MS } from './send-error.js';

/**
 * Answers what never became a request, and ends its connection. There is no route and so no protocol; the OpenAI shape is
 * used because both official clients read `error.message` from it.
 */
export function refuseConnection(error: GatewayError, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { requestId } = newRequestIds();
  const status = error.row.status.openai;
  const { retryAfterS, shouldRetry = error.row.shouldRetry } = error.details;
  const retryAfter = retryAfterS === undefined ? '' : `retry-after: ${String(retryAfterS)}\r\n`;
  const body = JSON.stringify(openaiChat.writeError(error, requestId));
  socket.end(
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? 'Error'}\r\n` +
      `request-id: ${requestId}\r\nx-request-id: ${requestId}\r\nx-should-retry: ${String(shouldRetry ?? false)}\r\n${retryAfter}` +
      `content-type: application/json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`,
  );
  // A client that goes on sending would lose the answer to a reset if the connection went at once.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** What a fault of Node's parser, or a time limit of its server, means to the client. */
export function errorOfFault(code: string | undefined): GatewayError {
  const [errorCode, message] = wordsOf(code);
  return new GatewayError(errorCode, message);
}

function wordsOf(code: string | undefined): readonly [ErrorCode, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['headers_too_large', 'The request headers are too large.'];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return ['request_too_large', 'The chunk extensions of the request are too large.'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['request_timeout', 'The request did not arrive in time.'];
    default:
      return ['invalid_request', 'The request is not valid HTTP/1.1.'];
  }
}
