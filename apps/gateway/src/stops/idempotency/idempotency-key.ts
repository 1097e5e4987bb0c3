import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@switchyard/contract';

const HEADER = 'idempotency-key';
/** Node joins a header that was sent twice with a comma and a space: it is refused with the others. */
const FORM = /^[\x21-\x7e]{1,255}$/;

export function hasIdempotencyKey({ headers }: IncomingMessage): boolean {
  return headers[HEADER] !== undefined;
}

/** Throws `GatewayError(invalid_request)` for a header that is none. */
export function idempotencyKeyOf({ headers }: IncomingMessage): string {
  const key = headers[HEADER];
  if (typeof key === 'string' && FORM.test(key)) return key;
  const message = 'The header "Idempotency-Key" must be 1 to 255 visible ASCII characters, sent once.';
  throw new GatewayError('invalid_request', message, { param: 'Idempotency-Key' });
}
