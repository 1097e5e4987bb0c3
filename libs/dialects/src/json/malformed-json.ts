import { GatewayError } from '@switchyard/contract';
import { locateFault } from './locate-fault.js';

/** The error for bytes that are not JSON: names the first wrong byte and never a part of the text, which V8's own message quotes. */
export function malformedJson(bytes: Buffer): GatewayError {
  const fault = locateFault(bytes);
  const detail = fault === null ? '' : `: expected ${fault.expected} at byte ${fault.offset}`;
  return new GatewayError('invalid_request', `The body is not valid JSON${detail}.`);
}
