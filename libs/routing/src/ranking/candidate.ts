import type { Endpoint, EndpointHealth, HealthView, RequestFacts } from '@switchyard/contract';
import type { ModelRequest } from '../planning/model-request.js';
import { expectedCostPico } from './expected-cost.js';

/** An endpoint that every filter let through, with what ranking knows of it. */
export interface Candidate {
  readonly asked: ModelRequest;
  readonly endpoint: Endpoint;
  readonly health: EndpointHealth | null;
  /** Expected cost in pico-USD; `null` = a price is not known. */
  readonly cost: number | null;
  /** Probability of leading its group with another seed. */
  chance: number;

  /*
   * Rank keys, compared from first to last, lowest first. A key that the request's way of ranking does not use is the
   * same for all, and falls out of the comparison.
   */
  /** 0 = through an account that the caller brought along for it. */
  shared: number;
  /** 1 = misses a preferred throughput or latency. */
  demoted: number;
  /** Place in `order`; -1 for the warm endpoint among the listed. */
  position: number;
  /** 0 = holds the conversation's prompt cache. */
  cold: number;
  /** 0 = of the tier asked for. */
  tier: number;
  metric: number;
  band: number;
  quality: number;
  price: number;
}

export function candidateOf(
  asked: ModelRequest,
  endpoint: Endpoint,
  facts: RequestFacts,
  health: HealthView,
): Candidate {
  return {
    asked,
    endpoint,
    health: health.of(endpoint),
    cost: expectedCostPico(endpoint, facts),
    chance: 0,
    shared: endpoint.provider.callers === undefined ? 1 : 0,
    demoted: 0,
    position: 0,
    cold: 0,
    tier: 0,
    metric: 0,
    band: 0,
    quality: 0,
    price: 0,
  };
}

export function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    a.shared - b.shared ||
    a.demoted - b.demoted ||
    a.position - b.position ||
    a.cold - b.cold ||
    a.tier - b.tier ||
    compareKeys(a.metric, b.metric) ||
    a.band - b.band ||
    a.quality - b.quality ||
    compareKeys(a.price, b.price) ||
    compareText(a.endpoint.tag, b.endpoint.tag) ||
    a.asked.index - b.asked.index
  );
}

/** Not a subtraction: unknown values are `Infinity`, and `Infinity - Infinity` is no order. */
function compareKeys(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
