import type { Deployment } from '../deployment.js';
import { degradedProcesses } from '../operations.js';
import { until } from '../until.js';

const SHARED_MAX_MS = 60_000;

/** How old the figures of the operations port may be: workers tell theirs every second. */
export const FIGURES_MS = 1_500;

/** Resolves with the milliseconds until every process of every gateway relies on Redis. */
export function untilShared({ gateways }: Deployment): Promise<number> {
  const isShared = async (): Promise<boolean> => {
    const counts = await Promise.all(gateways.map(({ ops }) => degradedProcesses(ops)));
    return counts.every((count) => count === 0);
  };
  return until('all gateways rely on Redis', isShared, SHARED_MAX_MS);
}
