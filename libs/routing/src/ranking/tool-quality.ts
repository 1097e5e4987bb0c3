import type { Candidate } from './candidate.js';

/** Fewer providers with data than this say nothing about what is usual. OpenRouter, "Auto Exacto". */
const LEAST_PROVIDERS = 4;
const DEVIATIONS_BELOW_MEDIAN = 2;
/** Turns a median absolute deviation into a standard deviation, for a normal distribution. */
const MAD_TO_SIGMA = 1.4826;
/** Endpoints that are all but equal differ by chance; below this spread nobody is demoted for it. */
const LEAST_SIGMA = 0.02;

/**
 * Sorts endpoints by how well their tool calls were formed, as far as that was observed: 0 = as good as the others,
 * 1 = too few calls seen, 2 = far below the median. All are 1 while fewer than four providers have data. Throughput and
 * benchmark tiers of OpenRouter's scheme are left out: there is no data for them here.
 */
export function toolQuality(candidates: readonly Candidate[]): (candidate: Candidate) => number {
  const observed = candidates.filter(({ health }) => (health?.toolSuccess ?? null) !== null);
  if (new Set(observed.map(({ endpoint }) => endpoint.provider.id)).size < LEAST_PROVIDERS) return () => 1;
  const rates = observed.map(({ health }) => health?.toolSuccess ?? 0);
  const usual = median(rates);
  const sigma = Math.max(LEAST_SIGMA, MAD_TO_SIGMA * median(rates.map((rate) => Math.abs(rate - usual))));
  const least = usual - DEVIATIONS_BELOW_MEDIAN * sigma;
  return ({ health }) => {
    const rate = health?.toolSuccess ?? null;
    if (rate === null) return 1;
    return rate < least ? 2 : 0;
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
