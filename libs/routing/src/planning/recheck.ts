import type { Endpoint, Model, Reason, RequestFacts } from '@switchyard/contract';
import { collectReasons } from '../filters/hard-filters.js';
import { viewOf } from '../filters/request-view.js';
import type { MergedPolicy } from '../policy/merge-policy.js';
import type { ModelRequest } from './model-request.js';

/**
 * Every hard filter once more, for one endpoint, right before it is tried: policy or facts may have changed since the
 * plan was made. Empty = allowed. What only compares endpoints with each other (soft preferences, health) is planning's
 * alone, and so is the static variant, which policy cannot change.
 */
export function recheck(
  policy: MergedPolicy,
  facts: RequestFacts,
  model: Model,
  endpoint: Endpoint,
): readonly Reason[] {
  const reasons: Reason[] = [];
  const asked: ModelRequest = {
    index: 0,
    id: model.id,
    model,
    variant: endpoint.variant,
    sort: null,
    admits: admittedTiers(facts),
  };
  collectReasons(reasons, endpoint, asked, viewOf(policy.compiled, facts));
  return reasons;
}

/** What any id of the request admits: which model an id named is for the catalogue to say, and no rule of policy. */
function admittedTiers({ models }: RequestFacts): ModelRequest['admits'] {
  const names = (variant: RegExp): boolean => models.some((id) => variant.test(id));
  return [...(names(/:nitro\b/i) ? (['priority'] as const) : []), ...(names(/:floor\b/i) ? (['flex'] as const) : [])];
}
