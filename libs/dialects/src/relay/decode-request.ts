import { unwrapUnions } from '../anthropic-messages/unwrap.js';
import type { Dialect } from '../dialect.js';
import { decodeBody } from '../json/decode-body.js';
import type { DecodedBody } from '../json/decode-body.js';
import type { ScanLimits } from '../json/scan-object.js';

/**
 * Decodes a request body of a dialect. A Messages body written with Go's union wrappers (`{"OfEnabled": {...}}`) is
 * unwrapped first, at the price of being written anew; any other body keeps its bytes.
 */
export function decodeRequest(dialect: Dialect, bytes: Buffer, limits: ScanLimits): DecodedBody {
  const body = decodeBody(bytes, limits);
  if (dialect.id !== 'anthropic-messages') return body;
  const json = unwrapUnions(body.json);
  return json === body.json ? body : decodeBody(Buffer.from(JSON.stringify(json)), limits);
}
