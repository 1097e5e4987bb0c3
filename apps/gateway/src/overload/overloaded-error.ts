import { GatewayError } from '@switchyard/contract';

const RETRY_MAX_S = 5;

/** When to come again: whole seconds, and not the same for all. `random` is uniform in [0, 1). */
export function retryAfterS(random: () => number): number {
  return 1 + Math.floor(random() * RETRY_MAX_S);
}

/** Told to whoever is refused for others to be served. */
export function overloadedError(random: () => number): GatewayError {
  const message = 'This gateway has more to do than it can at the moment. Please retry.';
  return new GatewayError('overloaded', message, { retryAfterS: retryAfterS(random) });
}
