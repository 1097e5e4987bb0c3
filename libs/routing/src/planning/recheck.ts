import type { Endpoint, Model, Reason, RequestFacts } from '@switchyard/contract';
import { collectReasons, collectStandingReasons } from '../filters/hard-filters.js';
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
  if (models.some((id) => id.includes(':nitro'))) return 'priority';
  return models.some((id) => id.includes(':floor')) ? 'flex' : null;
}

const NO_REQUEST: RequestFacts = {
  protocol: 'messages',
  models: [],
  parameters: [],
  inputModalities: [],
  outputModalities: [],
  inexpressible: {},
  promptTokensEstimate: 0,
  maxOutputTokens: null,
  images: 0,
  stream: false,
  serviceTier: null,
  speed: null,
};

/**
 * What standing policy alone says of an endpoint, for listings of models and endpoints: access, privacy, regions,
 * quantization. Empty = the holder of this policy may use it.
 */
export function standingReasons(policy: MergedPolicy, model: Model, endpoint: Endpoint): readonly Reason[] {
  const reasons: Reason[] = [];
  const asked: ModelRequest = { index: 0, id: model.id, model, variant: endpoint.variant, sort: null, admits: null };
  collectStandingReasons(reasons, endpoint, asked, viewOf(compilePolicy(policy), NO_REQUEST));
  return reasons;
}
