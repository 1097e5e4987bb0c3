import type { Cost, PlannedAttempt, Usage, UsageSource } from '@switchyard/contract';
import { ZERO_USAGE } from '@switchyard/contract';
import type { StopReason, UsageReport } from '@switchyard/conversation';
import type { DispatchRequest, Pricing } from './dispatch-request.js';

/** What an attempt's answer, whole or broken, told of itself. */
export interface Learned {
  readonly usage: UsageReport;
  readonly stopReason: StopReason | null;
  readonly upstreamId: string;
  readonly contentLength: number;
  /** The answer was cut: what was reported covers a part only. */
  readonly broken: boolean;
}

export interface Money {
  readonly usage: Usage;
  readonly source: UsageSource;
  readonly cost: Cost;
  /** What was clamped, ignored or not believed of the upstream's report. */
  readonly suspect: readonly string[];
}

const NO_COST: Cost = { nanoUsd: 0, inputNanoUsd: 0, outputNanoUsd: 0, incomplete: false };

/**
 * What is charged for an outcome. The upstream's own report where there is one; of a broken answer its report so far or
 * the estimate of what was delivered, whichever says more output; nothing when no endpoint delivered anything.
 */
export function costAndSource(
  request: DispatchRequest,
  pricing: Pricing,
  served: PlannedAttempt | null,
  learned: Learned | null,
): Money {
  if (served === null || learned === null) return { usage: ZERO_USAGE, source: 'none', cost: NO_COST, suspect: [] };
  const { usage, source } = usageOf(request, pricing, learned);
  return {
    usage,
    source,
    suspect: learned.usage.suspect,
    cost: pricing.costOf(usage, served.endpoint, request.plan.facts.images),
  };
}

function usageOf(request: DispatchRequest, pricing: Pricing, learned: Learned): { usage: Usage; source: UsageSource } {
  const estimate = pricing.estimatedUsage(request.plan.facts.promptTokensEstimate, learned.contentLength);
  if (!learned.usage.present) return { usage: estimate, source: 'estimated' };
  const reported = learned.usage.usage;
  if (!learned.broken) return { usage: reported, source: 'upstream' };
  return {
    usage: { ...reported, output: Math.max(reported.output, estimate.output - reported.reasoning) },
    source: 'partial',
  };
}
