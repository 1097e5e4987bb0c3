import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@switchyard/contract';
import type { KeyHeaders } from '@switchyard/identity';

/** Node keeps the first of a repeated header and drops the rest in silence; with these that would decide who is calling. */
const ONCE_ONLY: ReadonlySet<string> = new Set(['authorization', 'x-api-key', 'host']);
const HEADERS_MAX = 100;

/** The headers a key may come in. Throws on repeated identity headers and on more headers than Node would parse. */
export function keyHeadersOf(request: IncomingMessage): KeyHeaders {
  refuseRepeatedHeaders(request.rawHeaders);
  return presentedKeys(request);
}

/** The same headers as they came. */
export function presentedKeys({ headers }: IncomingMessage): KeyHeaders {
  const apiKey = headers['x-api-key'];
  return {
    authorization: presentIn(headers.authorization),
    apiKey: presentIn(typeof apiKey === 'string' ? apiKey : undefined),
  };
}

/** Clients configured with an empty key still send the header; it says nothing. */
function presentIn(value: string | undefined): string | undefined {
  return value?.trim() === '' ? undefined : value;
}

function refuseRepeatedHeaders(rawHeaders: readonly string[]): void {
  if (rawHeaders.length > HEADERS_MAX * 2) {
    throw new GatewayError('headers_too_large', `A request may have at most ${String(HEADERS_MAX)} headers.`);
  }
  let seen = '';
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!ONCE_ONLY.has(name)) continue;
    if (seen.includes(`|${name}|`))
      throw new GatewayError('invalid_request', `The header "${name}" may be sent only once.`);
    seen += `|${name}|`;
  }
}
