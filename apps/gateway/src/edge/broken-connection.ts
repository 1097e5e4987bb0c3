import { GatewayError } from '@switchyard/contract';
import type { ErrorCode } from '@switchyard/contract';
import { openaiChat } from '@switchyard/dialects';
import type { Duplex } from 'node:stream';
import { newRequestIds } from './request-ids.js';

const REASON_PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
};

/**
 * Answers what never became a request: a head that does not parse, is too large or too slow. There is no route and so
 * no protocol; the OpenAI shape is used because both official clients read `error.message` from it.
 */
export function refuseBrokenConnection(fault: Error & { readonly code?: string }, socket: Duplex): void {
  if (!socket.writable || fault.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const error = errorOf(fault.code);
  const { requestId } = newRequestIds();
  const status = error.row.status.openai;
  const body = JSON.stringify(openaiChat.writeError(error, requestId));
  socket.end(
    `HTTP/1.1 ${String(status)} ${REASON_PHRASES[status] ?? 'Error'}\r\n` +
      `request-id: ${requestId}\r\nx-request-id: ${requestId}\r\nx-should-retry: false\r\n` +
      `content-type: application/json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function errorOf(code: string | undefined): GatewayError {
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
