import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@switchyard/contract';

const HEADERS_MAX = 100;

/**
 * Headers that decide who asks, for what, or where a message ends. Node keeps the first of a repeated one and drops the
 * rest in silence, and what stands between client and gateway may keep the last.
 */
const ONCE_ONLY: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'idempotency-key',
]);

/** A path with or without a query, in the characters of RFC 3986 and those that clients send unescaped all the same. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/;

/**
 * What is wrong with the head of a request that Node has parsed, whatever it asks for; `null` = nothing. Node lets through
 * several things that an intermediary may read otherwise; after such a head nobody can say where the next request begins.
 */
export function headFault(request: IncomingMessage): GatewayError | null {
  const { httpVersion, method = '', url = '', headers, rawHeaders } = request;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return invalid('The request must be HTTP/1.1 or HTTP/1.0.');
  if (rawHeaders.length > HEADERS_MAX * 2) {
    return new GatewayError('headers_too_large', `A request may have at most ${String(HEADERS_MAX)} headers.`);
  }
  if (method === 'TRACE' || method === 'CONNECT') {
    return new GatewayError('method_not_allowed', `${method} is not supported.`);
  }
  if (!ORIGIN_FORM.test(url)) return invalid('The request target must be a path, with or without a query.');
  const repeated = repeatedHeader(rawHeaders);
  if (repeated !== null) return invalid(`The header "${repeated}" may be sent only once.`);
  if (headers.host === undefined && httpVersion === '1.1') return invalid('The header "host" is missing.');
  if (headers.upgrade !== undefined) return invalid('Upgrading the connection is not supported: send no "upgrade".');
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    return new GatewayError('expectation_failed', 'The header "expect" may ask for "100-continue" alone.');
  }
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) {
    return invalid('transfer-encoding must be "chunked", and is for HTTP/1.1 alone.');
  }
  return null;
}

function repeatedHeader(rawHeaders: readonly string[]): string | null {
  let seen = '';
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!ONCE_ONLY.has(name)) continue;
    if (seen.includes(`|${name}|`)) return name;
    seen += `|${name}|`;
  }
  return null;
}

function invalid(message: string): GatewayError {
  return new GatewayError('invalid_request', message);
}
