import type { Protocol, Usage, UsageSource } from '@switchyard/contract';

/**
 * How a recorded request ended. `rejected`: refused after it was admitted, before any upstream call. `orphaned`: the
 * process that served it died before it could say.
 */
export const RECORD_STATUSES = [
  'completed',
  'client_cancelled',
  'upstream_error',
  'truncated',
  'rejected',
  'orphaned',
] as const;
export type RecordStatus = (typeof RECORD_STATUSES)[number];

/** One try at one endpoint. */
export interface RecordedAttempt {
  readonly model: string;
  readonly provider: string;
  readonly endpoint: string;
  /** HTTP status; `null` when none arrived. */
  readonly status: number | null;
  /** A failure class; `null` = it served the request. */
  readonly errorClass: string | null;
  /** Milliseconds, a tenth at the finest. */
  readonly latencyMs: number;
}

/**
 * What one request used and cost: one per request that reached an upstream, under Switchyard's own id and never a
 * provider's. Holds no content. Immutable once written.
 */
export interface UsageRecord {
  /** 32 lower-case hexadecimal digits; `req_<id>` and `gen_<id>` both name it. */
  readonly id: string;
  /** Unix milliseconds at admission, by the clock of the limiter, so that a record is in the window it was charged to. */
  readonly createdAtMs: number;
  readonly tenant: string;
  readonly keyId: string;
  readonly protocol: Protocol;
  /** Of the attempt whose answer the client got, else of the last one tried. */
  readonly model: string | null;
  readonly provider: string | null;
  readonly endpoint: string | null;
  readonly status: RecordStatus;
  readonly streamed: boolean;
  /** Why the model stopped, in the neutral words of the conversation; `null` = it did not say. */
  readonly finishReason: string | null;
  /** Code of the error the caller was told; `null` = none. */
  readonly errorCode: string | null;
  readonly usage: Usage;
  readonly usageSource: UsageSource;
  /** Images in the request: what `price.image` is charged for. */
  readonly images: number;
  /** Integer nano-USD. */
  readonly costNanoUsd: number;
  readonly costInputNanoUsd: number;
  /**
   * What an account that the caller brought along was charged, by list price, integer nano-USD: not the tenant's cost, which
   * is nothing then. `null` = the operator's account served.
   */
  readonly byokCostNanoUsd: number | null;
  /** A price needed was unknown: the cost, or that of the caller's account, is a lower bound. */
  readonly costIncomplete: boolean;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
  /** The provider's own id of the answer; `''` = none seen. */
  readonly upstreamId: string;
  /** Version of the catalogue whose prices were used. */
  readonly priceVersion: string;
  readonly attempts: readonly RecordedAttempt[];
}
