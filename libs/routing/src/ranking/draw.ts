import type { Candidate } from './candidate.js';
import { drawFraction } from './random.js';

/** 1e-6 USD: what a free endpoint counts as, since 1/0² is no weight. */
const FREE_PICO = 1_000_000;

/**
 * Draws who leads among the candidates that stand equal but for their cost, each with a weight of 1/cost², and moves it
 * to the front of `sorted`. Only the leading stratum takes part: same preference, health band and tool quality as the first.
 *
 * @returns the exact probability of each that took part.
 */
export function drawLeader(sorted: Candidate[], seed: number, group: string): ReadonlyMap<Candidate, number> {
  const stratum = leadingStratum(sorted);
  const weights = weightsOf(stratum);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = pick(weights, drawFraction(seed, group) * total);
  const [leader] = sorted.splice(drawn, 1);
  if (leader !== undefined) sorted.unshift(leader);
  return new Map(stratum.map((candidate, index) => [candidate, (weights[index] ?? 0) / total]));
}

function leadingStratum(sorted: readonly Candidate[]): readonly Candidate[] {
  const first = sorted[0];
  const end = sorted.findIndex(
    ({ demoted, band, quality }) => demoted !== first?.demoted || band !== first.band || quality !== first.quality,
  );
  return end === -1 ? [...sorted] : sorted.slice(0, end);
}

/** Scaled so that the cheapest weighs 1. Unknown costs weigh nothing, unless nobody's is known. */
function weightsOf(stratum: readonly Candidate[]): readonly number[] {
  const known = stratum.flatMap(({ cost }) => (cost === null || cost === 0 ? [] : [cost]));
  // Where others cost even less than a free one counts as, it must not become the dearest.
  const free = Math.min(FREE_PICO, ...known);
  const costs = stratum.map(({ cost }) => (cost === 0 ? free : (cost ?? Infinity)));
  const cheapest = Math.min(...costs);
  return cheapest === Infinity ? stratum.map(() => 1) : costs.map((cost) => (cheapest / cost) ** 2);
}

function pick(weights: readonly number[], mark: number): number {
  let sum = 0;
  for (const [index, weight] of weights.entries()) {
    sum += weight;
    if (mark < sum) return index;
  }
  // Rounding can leave the mark at the very end of the scale.
  return weights.findLastIndex((weight) => weight > 0);
}
