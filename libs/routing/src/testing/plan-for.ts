import type {
  Endpoint,
  HealthView,
  Plan,
  PolicyLayer,
  PolicyRules,
  Rejection,
  RequestFacts,
} from '@switchyard/contract';
import { plan } from '../planning/plan.js';
import type { PlanInput } from '../planning/plan.js';
import { mergePolicy } from '../policy/merge-policy.js';
import type { MergedPolicy } from '../policy/merge-policy.js';
import { catalog, facts, healthOf, model } from './fixtures.js';

export type Layers = Partial<Record<PolicyLayer, PolicyRules>>;

export function merged(layers: Layers): MergedPolicy {
  return mergePolicy({ operator: null, tenant: null, key: null, request: null, ...layers });
}

export interface Case extends Layers {
  readonly facts?: Partial<RequestFacts>;
  readonly health?: HealthView;
  readonly seed?: number;
  readonly maxAttempts?: number;
  readonly sticky?: string;
  readonly catalog?: PlanInput['catalog'];
}

/** Plans a request for `acme/m1`, served by these endpoints, under the rules of `which`. */
export function planFor(endpoints: readonly Endpoint[], which: Case = {}): Plan {
  return plan({
    facts: facts(which.facts),
    policy: merged(layersOf(which)),
    catalog: which.catalog ?? catalog(model('acme/m1', endpoints)),
    health: which.health ?? healthOf(),
    seed: which.seed ?? 1,
    maxAttempts: which.maxAttempts ?? 100,
    stickyEndpoint: which.sticky ?? null,
  });
}

function layersOf({ operator, tenant, key, request }: Case): Layers {
  return {
    ...(operator && { operator }),
    ...(tenant && { tenant }),
    ...(key && { key }),
    ...(request && { request }),
  };
}

/** Tags in the order in which they are tried. */
export function tried(answer: Plan): readonly string[] {
  return answer.attempts.map((attempt) => attempt.endpoint.tag);
}

/** `code layer` of each reason against an endpoint. */
export function against(answer: Plan, tag: string): readonly string[] {
  const rejection: Rejection | undefined = answer.rejected.find((entry) => entry.endpoint === tag);
  return rejection?.reasons.map(({ code, layer }) => `${code} ${layer ?? '-'}`) ?? [];
}
