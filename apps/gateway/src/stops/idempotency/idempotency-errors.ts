import { GatewayError } from '@switchyard/contract';

const RETRY_AFTER_S = 1;

export function stillRunning(): GatewayError {
  const message = 'The request with this Idempotency-Key is still running. Repeat it to get its answer.';
  return new GatewayError('conflict', message, { retryAfterS: RETRY_AFTER_S, shouldRetry: true });
}

export function keyTaken(): GatewayError {
  const message = 'The header "Idempotency-Key" was used for another request. A new request needs a new key.';
  return new GatewayError('invalid_request', message, { param: 'Idempotency-Key' });
}

/** `owner`: digits of the generation id. */
export function answeredBefore(owner: string): GatewayError {
  const id = `gen_${owner}`;
  const message = `The request with this Idempotency-Key was answered as ${id}. The answer was not kept, and the request is not run again.`;
  return new GatewayError('conflict', message, { shouldRetry: false, metadata: { generation_id: id } });
}

/** Without the store nobody knows whether the request ran already: it is not risked to be paid for twice. */
export function storeAway(): GatewayError {
  const message = 'It cannot be checked at the moment whether the request with this Idempotency-Key ran. Please retry.';
  return new GatewayError('temporarily_unavailable', message, { retryAfterS: RETRY_AFTER_S });
}

export function noSharedStore(): GatewayError {
  const message = 'Idempotency-Key needs Redis where several workers serve: configure redis.url, or one worker.';
  return new GatewayError('not_supported', message, { param: 'Idempotency-Key' });
}
