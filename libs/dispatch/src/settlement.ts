import type { GatewayError } from '@switchyard/contract';
import { ZERO_USAGE } from '@switchyard/contract';
import type { AttemptLog } from './attempt-log.js';
import type { PreparedAttempt } from './attempt-settings.js';
import { costAndSource } from './charge.js';
import type { Learned } from './charge.js';
import type { Delivery } from './delivery.js';
import type { DispatchRequest, Pricing } from './dispatch-request.js';
import type { Outcome, OutcomeStatus } from './outcome.js';

/** How a request stands, or stood at its end. */
export interface Ending {
  readonly status: OutcomeStatus;
  readonly error: GatewayError | null;
  readonly log: AttemptLog;
  readonly delivery: Pick<Delivery, 'contentCommitted' | 'firstTokenMs'>;
  /** The attempt that serves, or the last one; `null` = none was made. */
  readonly current: PreparedAttempt | null;
  readonly learned: Learned | null;
  readonly latencyMs: number;
}

export function outcomeOf(request: DispatchRequest, pricing: Pricing, ending: Ending): Outcome {
  const { status, error, log, delivery, current, learned, latencyMs } = ending;
  const delivered = status === 'completed' || delivery.contentCommitted || status === 'client_cancelled';
  const planned = delivered && learned !== null ? (current?.planned ?? null) : null;
  const money = costAndSource(request, pricing, planned, learned);
  return {
    status,
    attempts: log.records,
    served: planned,
    lastTried: current?.planned ?? null,
    stopReason: learned?.stopReason ?? null,
    usage: planned === null ? ZERO_USAGE : money.usage,
    usageSource: money.source,
    usageSuspect: money.suspect,
    cost: money.cost,
    byokCost: money.byokCost,
    latencyMs,
    firstTokenMs: delivery.firstTokenMs,
    streamed: request.stream,
    dropped: current?.dropped ?? [],
    upstreamId: learned?.upstreamId ?? '',
    error,
  };
}
