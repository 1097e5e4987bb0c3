import { isNamedAlone } from '../policy/endpoint-names.js';
import { positionInOrder } from '../ranking/position-in-order.js';
import { reason } from './request-view.js';
import type { Filter } from './request-view.js';

/** `author/name:free` is served by the model's free endpoints alone, and `author/name` by none of them. */
export const variantMatches: Filter = (reasons, { variant }, asked) => {
  if (variant === asked.variant) return;
  const own = variant === null ? 'of no variant' : `of the variant :${variant}`;
  const wanted = asked.variant === null ? 'none' : `:${asked.variant}`;
  reasons.push(reason('variant', null, `endpoint is ${own}, the request asks for ${wanted}`));
};

/**
 * Endpoints of a service tier cost more or wait longer, so they take part only when asked for: by their own tag in
 * `order` or `only`, by `service_tier` or `speed`, or by `:nitro` and `:floor`, which an `order` overrides.
 */
export const tierOptedIn: Filter = (reasons, endpoint, asked, { policy, tiers }) => {
  const tier = endpoint.serviceTier;
  if (tier === 'default') return;
  if (tiers.defaultOnly) {
    reasons.push(reason('service_tier', 'request', `the request asks for the default tier, endpoint is ${tier}`));
    return;
  }
  const admitted =
    tiers[tier] || isNamedAlone(policy.named, endpoint) || (policy.order === null && asked.admits.includes(tier));
  if (!admitted) reasons.push(reason('service_tier', null, `${tier} endpoints take part only when asked for`));
};

/** `order` without fallbacks is a closed set. */
export const withinClosedOrder: Filter = (reasons, endpoint, _asked, { policy, tiers }) => {
  const rule = policy.rules.allowFallbacks;
  if (rule === null || policy.order === null || positionInOrder(policy.order, endpoint, tiers) !== null) return;
  const listed = [...policy.order.keys()].join(', ');
  reasons.push(reason('fallbacks_disabled', rule.layer, `fallbacks are off and order lists only ${listed}`));
};
