import type { Candidate } from './candidate.js';
import { drawFraction } from './random.js';

/** 1e-6 USD: what a free endpoint counts as, since 1/0² is no weight. */
const FREE_PICO = 1_000_000;

/**
 * Draws who leads among the candidates that stand equal but for their cost, each with a weight of 1/cost², and moves it
 * to the front of `sorted`. Only the leading stratum takes part: same kind of account, preference, health band and tool quality as the
 * first. Sets the exact `chance` of each candidate. Written in loops without intermediate lists: it runs once a request.
 */
export function drawLeader(sorted: Candidate[], seed: number, group: string): void {
  const end = stratumEnd(sorted);
  const total = setWeights(sorted, end);
  const mark = drawFraction(seed, group) * total;
  let drawn = -1;
  let sum = 0;
  for (let index = 0; index < end; index += 1) {
    const candidate = sorted[index];
    if (candidate === undefined) break;
    sum += candidate.chance;
    // Rounding can leave the mark at the very end of the scale: then the last one with a weight is it.
    if (candidate.chance > 0 && (drawn === -1 || mark >= sum - candidate.chance)) drawn = index;
    candidate.chance /= total;
  }
  const [leader] = sorted.splice(drawn, 1);
  if (leader !== undefined) sorted.unshift(leader);
}

/** How many candidates, from the first, stand equal to it but for their cost. */
function stratumEnd(sorted: readonly Candidate[]): number {
  const first = sorted[0];
  const end = sorted.findIndex(
    ({ shared, demoted, band, quality }) =>
      shared !== first?.shared || demoted !== first.demoted || band !== first.band || quality !== first.quality,
  );
  return end === -1 ? sorted.length : end;
}

/**
 * Sets the weight of each candidate before `end` as its `chance`, scaled so that the cheapest weighs 1. Costs that are
 * not known weigh nothing, unless nobody's is known.
 *
 * @returns the sum of the weights.
 */
function setWeights(sorted: readonly Candidate[], end: number): number {
  // Where others cost even less than a free one counts as, it must not become the dearest.
  let free = FREE_PICO;
  let cheapest = Infinity;
  for (let index = 0; index < end; index += 1) {
    const cost = sorted[index]?.cost ?? Infinity;
    if (cost > 0) free = Math.min(free, cost);
    cheapest = Math.min(cheapest, cost);
  }
  if (cheapest === 0) cheapest = free;
  let total = 0;
  for (let index = 0; index < end; index += 1) {
    const candidate = sorted[index];
    if (candidate === undefined) break;
    const cost = candidate.cost === 0 ? free : (candidate.cost ?? Infinity);
    candidate.chance = cheapest === Infinity ? 1 : (cheapest / cost) ** 2;
    total += candidate.chance;
  }
  return total;
}
