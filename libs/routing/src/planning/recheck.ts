import type { Endpoint, Model, Reason, RequestFacts } from '@switchyard/contract';
import { collectReasons } from '../filters/hard-filters.js';
import { viewOf } from '../filters/request-view.js';
import { compilePolicy } from '../policy/compiled-policy.js';
import type { MergedPolicy } from '../policy/merged-policy.js';
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
    admits: admittedTier(facts),
  };
  collectReasons(reasons, endpoint, asked, viewOf(compilePolicy(policy), facts));
  return reasons;
}

function admittedTier({ models }: RequestFacts): ModelRequest['admits'] {
  if (models.some((id) => /:nitro\b/i.test(id))) return 'priority';
  return models.some((id) => /:floor\b/i.test(id)) ? 'flex' : null;
}
