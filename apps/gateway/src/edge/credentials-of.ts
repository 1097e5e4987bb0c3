import type { IncomingMessage } from 'node:http';
import type { KeyHeaders } from '@switchyard/identity';

/** The headers a key may come in, as they came. That none of them came twice is seen to where the head is judged. */
export function keyHeadersOf({ headers }: IncomingMessage): KeyHeaders {
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
