import { ZERO_USAGE } from '@switchyard/contract';
import type { UsageRecord } from '../record.js';

/** 2026-03-01T12:00:00Z. */
export const NOON_MS = Date.UTC(2026, 2, 1, 12);

/** A completed request with one attempt. `number` makes the id. */
export function usageRecord(number: number, fields: Partial<UsageRecord> = {}): UsageRecord {
  const place = { model: 'acme/m1', provider: 'deepinfra', endpoint: 'deepinfra/turbo' };
  return {
    id: number.toString(16).padStart(32, '0'),
    createdAtMs: NOON_MS,
    tenant: 'acme',
    keyId: 'ci',
    protocol: 'messages',
    ...place,
    status: 'completed',
    streamed: true,
    finishReason: 'stop',
    errorCode: null,
    usage: { ...ZERO_USAGE, uncachedInput: 1_200, cacheRead: 300, output: 80 },
    usageSource: 'upstream',
    images: 0,
    costNanoUsd: 7_500_000,
    costInputNanoUsd: 5_000_000,
    byokCostNanoUsd: null,
    costIncomplete: false,
    latencyMs: 812.5,
    firstTokenMs: 95.3,
    upstreamId: 'msg_01',
    priceVersion: 'cat_0123456789abcdef',
    attempts: [{ ...place, status: 200, errorClass: null, latencyMs: 810.1 }],
    ...fields,
  };
}
