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
  const { own, provider } = namesOf(endpoint);
  const byBase = endpoint.serviceTier === 'default' || tiers[endpoint.serviceTier];
  const position = Math.min(earliest(order, own), byBase ? earliest(order, provider) : Infinity);
  return position === Infinity ? null : position;
}

function earliest(order: ReadonlyMap<string, number>, slugs: readonly string[]): number {
  let position = Infinity;
  for (const slug of slugs) position = Math.min(position, order.get(slug) ?? Infinity);
  return position;
}
