import type { UpstreamFailure } from '@switchyard/contract';
import { errors } from 'undici';
import { AddressRefused } from './address-guard.js';

/** Words for what went wrong before an answer, by the error codes of Node (libuv, OpenSSL) and undici. */
const BEFORE_ANSWER: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name could not be resolved',
  EAI_AGAIN: 'its name could not be resolved',
  ENODATA: 'its name could not be resolved',
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'it could not be reached',
  ENETUNREACH: 'it could not be reached',
  ETIMEDOUT: 'the connection could not be opened in time',
  UND_ERR_CONNECT_TIMEOUT: 'the connection could not be opened in time',
  CERT_HAS_EXPIRED: 'its TLS certificate was not accepted',
  CERT_NOT_YET_VALID: 'its TLS certificate was not accepted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate was not accepted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate was not accepted',
  UNABLE_TO_GET_ISSUER_CERT: 'its TLS certificate was not accepted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate was not accepted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate was not accepted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate was not accepted',
  EPROTO: 'TLS could not be agreed on',
  UND_ERR_CLOSED: 'Switchyard is stopping',
  UND_ERR_DESTROYED: 'Switchyard is stopping',
  UND_ERR_INVALID_ARG: 'the request is not valid HTTP',
  UND_ERR_NOT_SUPPORTED: 'the request is not valid HTTP',
};

const CLOSED_EARLY = 'it closed the connection before it answered';

/**
 * Classifies a connection's failure. `status` is that of the answer under way, null before one began. The message is Switchyard's own:
 * the library's names hosts, addresses and ports.
 */
export function failureOf(error: unknown, status: number | null): UpstreamFailure {
  if (isProtocolFault(error)) {
    return { class: 'invalid_answer', status, message: 'The upstream answer is not valid HTTP.' };
  }
  if (status !== null) return { class: 'truncated', status, message: 'The upstream connection broke off.' };
  if (error instanceof AddressRefused) {
    return { class: 'endpoint_specific', status: null, message: 'The host name of the upstream leads nowhere public.' };
  }
  const code = codeOf(error);
  const what = BEFORE_ANSWER[code] ?? (/^ERR_(SSL|TLS)_/.test(code) ? 'TLS could not be agreed on' : CLOSED_EARLY);
  return { class: 'connect', status: null, message: `The upstream did not answer: ${what}.` };
}

export function connectTimedOut(): UpstreamFailure {
  return {
    class: 'connect',
    status: null,
    message: 'The upstream did not answer: the connection could not be opened in time.',
  };
}

export function headersTimedOut(): UpstreamFailure {
  return { class: 'timeout', status: null, message: 'The upstream did not begin to answer in time.' };
}

export function invalidAnswer(status: number | null, message: string): UpstreamFailure {
  return { class: 'invalid_answer', status, message };
}

/** What undici says when an answer was begun as a protocol switch or a `100 Continue` that nobody asked for. */
const UNASKED = new Set(['bad response', 'bad upgrade']);

/**
 * A malformed or oversized head or framing. undici leaves the parser's code out of its error, and an end in mid-message, which means that the
 * connection broke off, is told from other faults by its wording alone.
 */
function isProtocolFault(error: unknown): boolean {
  if (error instanceof errors.HTTPParserError) return !/\bEOF\b/.test(error.message);
  if (error instanceof errors.SocketError) return UNASKED.has(error.message);
  return error instanceof errors.HeadersOverflowError;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
