import type { UsageRecord } from '../record.js';

/** What a running request has used so far, should it never end. */
export type Checkpoint = Pick<
  UsageRecord,
  | 'id'
  | 'model'
  | 'provider'
  | 'endpoint'
  | 'usage'
  | 'usageSource'
  | 'costNanoUsd'
  | 'costInputNanoUsd'
  | 'byokCostNanoUsd'
  | 'costIncomplete'
  | 'latencyMs'
  | 'firstTokenMs'
  | 'attempts'
  | 'upstreamId'
>;

/** The record of a running request with what its checkpoint knows. */
export function atCheckpoint(record: UsageRecord, checkpoint: Checkpoint): UsageRecord {
  return { ...record, ...checkpoint };
}
