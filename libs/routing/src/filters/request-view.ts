import type { Endpoint, Reason, ReasonCode, PolicyLayer, RequestFacts } from '@switchyard/contract';
import type { ModelRequest } from '../planning/model-request.js';
import type { CompiledPolicy } from '../policy/compiled-policy.js';
import { tierChoice } from './service-tier.js';
import type { TierChoice } from './service-tier.js';

/** What every filter looks at besides the endpoint. */
export interface RequestView {
  readonly policy: CompiledPolicy;
  readonly facts: RequestFacts;
  readonly tiers: TierChoice;
}

/** Adds a reason for each of its rules that the endpoint breaks. */
export type Filter = (reasons: Reason[], endpoint: Endpoint, asked: ModelRequest, view: RequestView) => void;

export function viewOf(policy: CompiledPolicy, facts: RequestFacts): RequestView {
  return { policy, facts, tiers: tierChoice(facts) };
}

export function reason(code: ReasonCode, layer: PolicyLayer | null, detail: string): Reason {
  return { code, layer, detail };
}
