import { GatewayError } from '@switchyard/contract';

const FIELD_LENGTH_MAX = 256;

/** A 400 about one field, named as the caller wrote it. */
export function hintFault(field: string, complaint: string): GatewayError {
  if (field.length > FIELD_LENGTH_MAX) return hintFault(`${field.slice(0, FIELD_LENGTH_MAX - 1)}…`, complaint);
  return new GatewayError('invalid_request', `${field}: ${complaint}`, { param: field });
}
