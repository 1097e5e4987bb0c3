import type { RequestFacts, SortKey } from '@switchyard/contract';
import type { RequestView } from '../filters/request-view.js';
import { compareCandidates } from './candidate.js';
import type { Candidate } from './candidate.js';
import { drawLeader } from './draw.js';
import { positionInOrder } from './position-in-order.js';
import { latencyOf, meetsPreferences, throughputOf } from './preferences.js';
import { toolQuality } from './tool-quality.js';

export interface RankedGroup {
  /** In the order in which they are tried. */
  readonly candidates: readonly Candidate[];
  /** Why it stands where it stands. */
  because(candidate: Candidate): readonly string[];
}

export interface RankInput {
  readonly view: RequestView;
  readonly seed: number;
  /** Tag of the endpoint that holds the conversation's prompt cache; `null` = none in this group. */
  readonly stickyEndpoint: string | null;
}

/** How a group is put into order: the inputs of the ranking in the order in which they win. */
type Ranking =
  | { readonly by: 'order'; readonly order: ReadonlyMap<string, number>; readonly tail: SortKey }
  | { readonly by: 'priority' }
  | { readonly by: 'sort'; readonly sort: SortKey }
  | { readonly by: 'default'; readonly draw: boolean };

const BANDS = { healthy: 0, degraded: 1, down: 2, outage: 3 } as const;

/**
 * Puts the candidates of one group (a model's endpoints, or those of all models with partition `none`) into the order
 * in which they are tried. Winning first: accounts of the caller's own, preferred throughput and latency, `order`, service tier priority, sort, the
 * sticky endpoint, then the default: healthy ones first, the first drawn with probability 1/cost², the rest by cost.
 * Ties go by tag.
 */
export function rankGroup(candidates: readonly Candidate[], input: RankInput): RankedGroup {
  const ranking = rankingOf(candidates, input.view);
  const warm = warmCandidate(candidates, input);
  setPreferences(candidates, input.view);
  setKeys(candidates, ranking, warm, input.view);
  const sorted = candidates.toSorted(compareCandidates);
  const group = candidates[0]?.asked.model.id ?? '';
  const drawn = ranking.by === 'default' && ranking.draw && sorted[0] !== warm;
  if (drawn) drawLeader(sorted, input.seed, group);
  const leader = sorted[0];
  if (leader !== undefined && !drawn) leader.chance = 1;
  return {
    candidates: sorted,
    because: (candidate) =>
      explain(candidate, wayOf(candidate, ranking, candidate === warm, drawn && candidate === leader)),
  };
}

function rankingOf(candidates: readonly Candidate[], { policy, tiers }: RequestView): Ranking {
  const { sort: rule, allowFallbacks } = policy.rules;
  // A variant is part of the request: only a sort of the request itself is as specific.
  const sort = rule?.layer === 'request' ? rule.value : (candidates[0]?.asked.sort ?? rule?.value ?? null);
  if (policy.order !== null) return { by: 'order', order: policy.order, tail: sort ?? 'price' };
  if (tiers.priority) return { by: 'priority' };
  if (sort !== null) return { by: 'sort', sort };
  if (tiers.flex && candidates.some(isFlex)) return { by: 'sort', sort: 'price' };
  return { by: 'default', draw: allowFallbacks === null };
}

export function isFlex({ endpoint }: Candidate): boolean {
  return endpoint.serviceTier === 'flex';
}

function setPreferences(candidates: readonly Candidate[], { policy }: RequestView): void {
  const { preferredMinThroughput, preferredMaxLatency } = policy.rules;
  if (preferredMinThroughput === null && preferredMaxLatency === null) return;
  for (const candidate of candidates) {
    candidate.demoted = meetsPreferences(candidate.endpoint, candidate.health, policy.rules) ? 0 : 1;
  }
}

function setKeys(
  candidates: readonly Candidate[],
  ranking: Ranking,
  warm: Candidate | null,
  { tiers, facts }: RequestView,
): void {
  const quality = ranking.by === 'default' && usesTools(facts) ? toolQuality(candidates) : null;
  for (const candidate of candidates) {
    const { endpoint } = candidate;
    const tier = tiers.priority && endpoint.serviceTier !== 'priority' ? 1 : 0;
    switch (ranking.by) {
      case 'order': {
        const position = positionInOrder(ranking.order, endpoint, tiers);
        candidate.position = position ?? ranking.order.size;
        if (position !== null && candidate === warm) candidate.position = -1;
        candidate.tier = tier;
        candidate.metric = metricOf(candidate, ranking.tail);
        break;
      }
      case 'priority':
        candidate.tier = tier;
        candidate.metric = metricOf(candidate, 'throughput');
        break;
      case 'sort':
        candidate.metric = metricOf(candidate, ranking.sort);
        break;
      case 'default':
        candidate.cold = candidate === warm ? 0 : 1;
        candidate.band = BANDS[candidate.health?.band ?? 'healthy'];
        candidate.quality = quality?.(candidate) ?? 0;
        candidate.price = candidate.cost ?? Infinity;
    }
  }
}

export function usesTools(facts: RequestFacts): boolean {
  return facts.parameters.includes('tools');
}

/** Lower is better; what is not known is last. */
function metricOf({ endpoint, health, cost }: Candidate, sort: SortKey): number {
  switch (sort) {
    case 'price':
      return cost ?? Infinity;
    case 'throughput':
      return -(throughputOf(endpoint, health) ?? -Infinity);
    case 'latency':
      return latencyOf(endpoint, health) ?? Infinity;
    case 'exacto':
      return -(health?.toolSuccess ?? -Infinity);
  }
}

/** The sticky endpoint of the first model that has it, while it is well: a prompt cache in an outage saves nothing. */
function warmCandidate(candidates: readonly Candidate[], { view, stickyEndpoint }: RankInput): Candidate | null {
  if (stickyEndpoint === null || view.policy.rules.sticky?.value === false) return null;
  const warm = candidates.find(({ endpoint }) => endpoint.tag === stickyEndpoint);
  return warm !== undefined && BANDS[warm.health?.band ?? 'healthy'] < BANDS.down ? warm : null;
}

function explain(candidate: Candidate, way: string): readonly string[] {
  const because = [way, candidate.health?.band ?? 'healthy'];
  if (candidate.shared === 0) because.unshift("the caller's own account");
  if (candidate.demoted === 1) because.push('misses the preferred throughput or latency: moved to the end');
  if (candidate.quality === 2) because.push('tool calls fail more often than elsewhere');
  if (candidate.endpoint.serviceTier !== 'default') because.push(`${candidate.endpoint.serviceTier} tier`);
  if (candidate.cost === null) because.push('price unknown');
  return because;
}

function wayOf(candidate: Candidate, ranking: Ranking, isWarm: boolean, isDrawn: boolean): string {
  switch (ranking.by) {
    case 'order': {
      if (candidate.position === -1) return 'sticky endpoint, listed in order';
      if (candidate.position === ranking.order.size) return `not listed in order: by ${ranking.tail}`;
      return `order ${candidate.position + 1}`;
    }
    case 'priority':
      return 'service_tier priority, then throughput';
    case 'sort':
      return `sort ${ranking.sort}`;
    case 'default':
      if (isWarm) return 'sticky endpoint';
      return isDrawn ? 'price^-2 draw' : 'next by price';
  }
}
