import { GatewayError } from '@switchyard/contract';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { LimitsSection } from '../config/limits-section.js';
import { limitRules, limitsAnything } from '../config/limits-section.js';

/**
 * Refuses limits that nobody could keep: without Redis each of several workers would count for itself. The configuration
 * file is refused for the same reason.
 */
export function refuseUncountableLimits(limits: LimitsSection | null | undefined, config: GatewayConfig): void {
  if (limits === null || limits === undefined || config.redis !== null || config.server.workers <= 1) return;
  if (!limitsAnything(limitRules(limits), config.limits.mode)) return;
  throw new GatewayError(
    'invalid_request',
    'limits: with several workers and without redis each worker would count for itself; set redis.url, or one worker.',
    { param: 'limits' },
  );
}
