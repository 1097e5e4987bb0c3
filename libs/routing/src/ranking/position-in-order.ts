import type { Endpoint } from '@switchyard/contract';
import type { TierChoice } from '../filters/service-tier.js';
import { namesOf } from '../policy/endpoint-names.js';

/**
 * The earliest place at which `order` lists the endpoint, or `null`. A tag lists one endpoint; a base slug lists all of
 * a provider's, tier endpoints only when `service_tier` asks for them.
 */
export function positionInOrder(
  order: ReadonlyMap<string, number>,
  endpoint: Endpoint,
  tiers: TierChoice,
): number | null {
  const { tag, provider, display } = namesOf(endpoint);
  const own = tag === provider ? Infinity : (order.get(tag) ?? Infinity);
  const byBase = endpoint.serviceTier === 'default' || tiers[endpoint.serviceTier];
  const base = byBase ? Math.min(order.get(provider) ?? Infinity, order.get(display) ?? Infinity) : Infinity;
  const position = Math.min(own, base);
  return position === Infinity ? null : position;
}
