import type { Cost, FailureClass, GatewayError, PlannedAttempt, Usage, UsageSource } from '@switchyard/contract';
import type { StopReason } from '@switchyard/conversation';

/** One try at one endpoint, as it goes into metadata, log and record. */
export interface AttemptRecord {
  readonly model: string;
  readonly provider: string;
  readonly endpoint: string;
  /** HTTP status, `null` when none arrived. */
  readonly status: number | null;
  /** `null` = it served the request. */
  readonly errorClass: FailureClass | null;
  readonly latencyMs: number;
}

export type OutcomeStatus = 'completed' | 'client_cancelled' | 'upstream_error' | 'truncated' | 'rejected';

/** How a dispatched request ended; made exactly once per request, before its last byte is written. */
export interface Outcome {
  readonly status: OutcomeStatus;
  readonly attempts: readonly AttemptRecord[];
  /** The attempt whose answer, whole or broken, the client got. */
  readonly served: PlannedAttempt | null;
  /** The last attempt made, whether it delivered anything or not. */
  readonly lastTried: PlannedAttempt | null;
  readonly stopReason: StopReason | null;
  readonly usage: Usage;
  readonly usageSource: UsageSource;
  /** What was clamped or ignored in the upstream's usage report. */
  readonly usageSuspect: readonly string[];
  /** What the tenant is charged. */
  readonly cost: Cost;
  /** What an account that the caller brought along was charged, by list price; `null` = it did not serve. */
  readonly byokCost: Cost | null;
  readonly latencyMs: number;
  /** Milliseconds until content went to the client; `null` when none did. */
  readonly firstTokenMs: number | null;
  readonly streamed: boolean;
  readonly dropped: readonly string[];
  readonly upstreamId: string;
  readonly error: GatewayError | null;
}
