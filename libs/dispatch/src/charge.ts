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
  /** Nothing where the caller's own account served. */
  readonly cost: Cost;
  readonly byokCost: Cost | null;
  /** What was clamped, ignored or not believed of the upstream's report. */
  readonly suspect: readonly string[];
}

const NO_COST: Cost = { nanoUsd: 0, inputNanoUsd: 0, outputNanoUsd: 0, incomplete: false };
const NO_MONEY: Money = { usage: ZERO_USAGE, source: 'none', cost: NO_COST, byokCost: null, suspect: [] };

/** What is charged for an outcome: what its endpoint's report is judged to be; nothing when no endpoint delivered anything. */
export function costAndSource(
  request: DispatchRequest,
  pricing: Pricing,
  served: PlannedAttempt | null,
  learned: Pick<Learned, 'usage' | 'contentLength' | 'broken'> | null,
): Money {
  if (served === null || learned === null) return NO_MONEY;
  const { facts } = request.plan;
  const { usage, source, suspect } = pricing.judgeUsage(learned.usage, {
    promptTokensEstimate: facts.promptTokensEstimate,
    contentLength: learned.contentLength,
    maxOutputTokens: facts.maxOutputTokens,
    choices: request.choices,
    broken: learned.broken,
  });
  const cost = pricing.costOf(usage, served.endpoint, facts.images);
  const isByok = served.endpoint.provider.callers !== undefined;
  return { usage, source, suspect, cost: isByok ? NO_COST : cost, byokCost: isByok ? cost : null };
}
