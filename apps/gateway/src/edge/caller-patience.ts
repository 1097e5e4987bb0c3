import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@switchyard/contract';
import { headerOf } from './forwarded-headers.js';

const TIMEOUT_HEADER = 'x-switchyard-timeout-ms';
const WHOLE_NUMBER = /^[0-9]{1,15}$/;
/** Official SDKs say in this header which of their own retries a request is. */
const RETRY_COUNT_HEADER = 'x-stainless-retry-count';
/** A caller that retries by itself multiplies every attempt made for it. */
const ATTEMPTS_FOR_RETRYING = 2;

/**
 * How long the whole request may take, in milliseconds: what the caller asks for, and never more than the operator
 * allows. Throws `invalid_request` when what it asks for is no time.
 */
export function totalTimeoutMs(request: IncomingMessage, operatorMs: number): number {
  const asked = headerOf(request, TIMEOUT_HEADER);
  if (asked === null) return operatorMs;
  const milliseconds = WHOLE_NUMBER.test(asked) ? Number(asked) : 0;
  if (milliseconds === 0) {
    throw new GatewayError('invalid_request', `${TIMEOUT_HEADER} must be a whole number of milliseconds above 0.`);
  }
  return Math.min(milliseconds, operatorMs);
}

export function attemptsAllowed(request: IncomingMessage, operatorMax: number): number {
  const isRetrying = Number(headerOf(request, RETRY_COUNT_HEADER) ?? 0) >= 1;
  return isRetrying ? Math.min(ATTEMPTS_FOR_RETRYING, operatorMax) : operatorMax;
}
