import type { Demand, Dimension, Limit, LimitLevel, ReserveRequest } from '../types.js';

/** A limit of the key `ci`, enforced. */
export function limitOf(dimension: Dimension, limit: number, change: Partial<Limit> = {}): Limit {
  return { level: 'key', owner: 'ci', dimension, limit, mode: 'enforce', ...change };
}

export function shadowOf(dimension: Dimension, limit: number): Limit {
  return limitOf(dimension, limit, { mode: 'shadow' });
}

export function limitAt(level: LimitLevel, dimension: Dimension, limit: number): Limit {
  return limitOf(dimension, limit, { level, owner: level === 'tenant' ? 'acme' : 'ci' });
}

export function demandOf(demand: Partial<Demand> = {}): Demand {
  return { inputTokens: 0, outputTokens: 0, costNanoUsd: 0, ...demand };
}

export function requestOf(
  limits: readonly Limit[],
  demand: Partial<Demand> = {},
): Pick<ReserveRequest, 'limits' | 'demand'> {
  return { limits, demand: demandOf(demand) };
}
