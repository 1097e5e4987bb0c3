import type { UpstreamFailure } from '@switchyard/contract';

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
  const code = codeOf(error);
  if (isProtocolFault(code)) {
    return { class: 'invalid_answer', status, message: 'The upstream answer is not valid HTTP.' };
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return headersTimedOut();
  if (status !== null) return { class: 'truncated', status, message: 'The upstream connection broke off.' };
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

/** A malformed or oversized head or framing. An end in mid-message has codes of its own and means that the connection broke off. */
function isProtocolFault(code: string): boolean {
  return code === 'UND_ERR_HEADERS_OVERFLOW' || (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE');
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
