import { PICO_PER_USD } from '@switchyard/contract';
import type { CatalogSnapshot, HealthView, Plan, PlannedAttempt, RequestFacts } from '@switchyard/contract';
import { isModelAllowed } from '../filters/access-filters.js';
import { viewOf } from '../filters/request-view.js';
import type { RequestView } from '../filters/request-view.js';
import type { MergedPolicy } from '../policy/merge-policy.js';
import type { Candidate } from '../ranking/candidate.js';
import { worstCaseCostUsd } from '../ranking/expected-cost.js';
import { rankGroup } from '../ranking/rank-group.js';
import type { RankedGroup } from '../ranking/rank-group.js';
import { planError } from './plan-error.js';
import { Pool } from './pool.js';
import { resolveModels } from './resolve-models.js';
import { unknownSlugs } from './unknown-slugs.js';

export interface PlanInput {
  readonly facts: RequestFacts;
  readonly policy: MergedPolicy;
  readonly catalog: CatalogSnapshot;
  readonly health: HealthView;
  /** Any finite number; the same seed and inputs make the same plan. */
  readonly seed: number;
  /** Most attempts a plan may hold. */
  readonly maxAttempts: number;
  /** Tag of the endpoint that holds the conversation's prompt cache, for the model that is tried first; `null` = none. */
  readonly stickyEndpoint: string | null;
}

/**
 * Decides where a request may go and in which order. Every endpoint of every model named is either among `attempts`, or
 * among `rejected` with all the reasons against it, or counted by the warning that says how many lie beyond
 * `maxAttempts`. With partition `model` each model of the list keeps at least one attempt while the limit allows.
 *
 * `attempts` is exactly what dispatch will try while everything fails, so an explanation and a request agree.
 */
export function plan(input: PlanInput): Plan {
  const { facts, policy, catalog, seed } = input;
  const view = viewOf(policy.compiled, facts);
  const { requests, unknown, warnings: resolveWarnings } = resolveModels(facts.models, catalog);
  const unavailable = [
    ...unknown,
    ...requests.filter(({ model }) => !isModelAllowed(view.policy, model)).map(({ id }) => id),
  ];
  const pool = new Pool(view, input.health);
  for (const asked of requests) pool.add(asked);
  pool.dropEjected();

  const groups = rankGroups(pool, view, input);
  const total = groups.reduce((sum, { candidates }) => sum + candidates.length, 0);
  const attempts = planAttempts(groups, facts, input.maxAttempts);
  const unknownProviders = unknownSlugs(policy, catalog);
  return {
    catalogVersion: catalog.version,
    policyHash: policy.hash,
    seed,
    facts,
    attempts,
    rejected: pool.rejected,
    error: attempts.length > 0 ? null : planError({ view, catalog, requests, rejected: pool.rejected }),
    warnings: [
      ...resolveWarnings,
      ...modelWarnings(unavailable, attempts),
      ...(unknownProviders.length > 0 ? [`no provider or endpoint is called ${unknownProviders.join(', ')}`] : []),
      ...(total > attempts.length ? [beyondLimit(total - attempts.length, attempts.length)] : []),
    ],
    unknownProviders,
    strategy: attempts.length > 1 ? 'fallback' : 'direct',
  };
}

function rankGroups(pool: Pool, view: RequestView, { seed, stickyEndpoint }: PlanInput): readonly RankedGroup[] {
  // Only the model that is tried first can have the conversation in a cache.
  const groups = partition(pool.candidates, view).map((group, index) =>
    rankGroup(group, { view, seed, stickyEndpoint: index === 0 ? stickyEndpoint : null }),
  );
  const { allowFallbacks } = view.policy.rules;
  if (allowFallbacks === null || view.policy.order !== null) return groups;
  return groups.map((group) => ({
    ...group,
    candidates: pool.keepFirstOfEachModel(group.candidates, allowFallbacks.layer),
  }));
}

/** One group per model in the order of the request, or one of all. Groups are never empty. */
function partition(candidates: readonly Candidate[], { policy }: RequestView): readonly (readonly Candidate[])[] {
  if (candidates.length === 0) return [];
  const isOneGroup = policy.rules.partition?.value === 'none' || candidates[0]?.asked === candidates.at(-1)?.asked;
  if (isOneGroup) return [candidates];
  const groups = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const group = groups.get(candidate.asked.index);
    if (group === undefined) groups.set(candidate.asked.index, [candidate]);
    else group.push(candidate);
  }
  return [...groups.values()];
}

function planAttempts(groups: readonly RankedGroup[], facts: RequestFacts, limit: number): readonly PlannedAttempt[] {
  const attempts: PlannedAttempt[] = [];
  for (const [index, group] of groups.entries()) {
    const keptForOthers = groups.length - index - 1;
    const room = limit - attempts.length;
    const share = Math.min(room, Math.max(1, room - keptForOthers));
    for (const candidate of group.candidates.slice(0, share)) {
      const probability = index === 0 ? candidate.chance : 0;
      attempts.push(attemptOf(candidate, attempts.length + 1, probability, group, facts));
    }
  }
  return attempts;
}

function attemptOf(
  candidate: Candidate,
  rank: number,
  firstChoiceProbability: number,
  group: RankedGroup,
  facts: RequestFacts,
): PlannedAttempt {
  const { asked, endpoint, cost } = candidate;
  const because = group.because(candidate);
  return {
    rank,
    model: asked.model,
    endpoint,
    expectedCostUsd: (cost ?? 0) / PICO_PER_USD,
    worstCaseCostUsd: worstCaseCostUsd(endpoint, asked.model, facts),
    firstChoiceProbability,
    because: asked.index === 0 ? because : [...because, `fallback model ${asked.index}`],
  };
}

/** The same words for models that do not exist and models that the caller may not use. */
function modelWarnings(unavailable: readonly string[], attempts: readonly PlannedAttempt[]): readonly string[] {
  if (attempts.length === 0) return [];
  return unavailable.map((id) => `the model ${id} does not exist or is not available to this key: skipped`);
}

function beyondLimit(count: number, limit: number): string {
  const endpoints = count === 1 ? 'endpoint qualifies' : 'endpoints qualify';
  return `${count} more ${endpoints} but lie beyond the limit of ${limit} attempts`;
}
