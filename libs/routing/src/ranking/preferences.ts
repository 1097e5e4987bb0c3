import type { Endpoint, EndpointHealth, Percentiles } from '@switchyard/contract';
import type { MergedRules } from '../policy/merged-rules.js';

/** Median tokens per second: observed, else assumed by the catalogue, else `null`. */
export function throughputOf(endpoint: Endpoint, health: EndpointHealth | null): number | null {
  return health?.throughput?.p50 ?? endpoint.prior.throughput;
}

/** Median seconds to the first token: observed, else assumed by the catalogue, else `null`. */
export function latencyOf(endpoint: Endpoint, health: EndpointHealth | null): number | null {
  return health?.latency?.p50 ?? endpoint.prior.latency;
}

/**
 * Whether every preferred cut-off holds. Percentiles that were not observed are taken from the catalogue's prior, and
 * what is not known at all does not hold: the endpoint moves to the end, it is never excluded.
 */
export function meetsPreferences(endpoint: Endpoint, health: EndpointHealth | null, rules: MergedRules): boolean {
  const throughput = rules.preferredMinThroughput?.value;
  const latency = rules.preferredMaxLatency?.value;
  if (throughput !== undefined) {
    const observed = health?.throughput ?? null;
    const reaches = (value: number, cut: number): boolean => value >= cut;
    if (!holds(throughput, observed, endpoint.prior.throughput, reaches)) return false;
  }
  if (latency !== undefined) {
    const stays = (value: number, cut: number): boolean => value <= cut;
    if (!holds(latency, health?.latency ?? null, endpoint.prior.latency, stays)) return false;
  }
  return true;
}

function holds(
  cuts: Percentiles,
  observed: Percentiles | null,
  prior: number | null,
  passes: (value: number, cut: number) => boolean,
): boolean {
  for (const percentile of ['p50', 'p75', 'p90', 'p99'] as const) {
    const cut = cuts[percentile];
    if (cut === undefined) continue;
    const value = observed === null ? prior : (observed[percentile] ?? null);
    if (value === null || !passes(value, cut)) return false;
  }
  return true;
}
