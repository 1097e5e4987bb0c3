import { GatewayError } from '@switchyard/contract';

/** A 400 about one field, named as the caller wrote it. */
export function hintFault(field: string, complaint: string): GatewayError {
  return new GatewayError('invalid_request', `${field}: ${complaint}`, { param: field });
}
