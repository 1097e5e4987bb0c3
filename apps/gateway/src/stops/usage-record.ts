import { ZERO_USAGE } from '@switchyard/contract';
import type { Cost, Plan, Protocol } from '@switchyard/contract';
import type { Outcome } from '@switchyard/dispatch';
import type { Caller } from '@switchyard/identity';
import { costOf, estimatedUsage } from '@switchyard/metering';
import type { Checkpoint, RecordedAttempt, UsageRecord } from '@switchyard/metering';
import { roundedMs } from '@switchyard/telemetry';

const NO_COST: Cost = { nanoUsd: 0, inputNanoUsd: 0, outputNanoUsd: 0, incomplete: false };

export interface AdmittedRequest {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly caller: Caller;
  readonly protocol: Protocol;
  readonly plan: Plan;
}

/**
 * The record of a request that is about to start, as it stands should its process die at once: whoever was to serve it
 * first may have got the prompt, so the prompt is charged as estimated.
 */
export function recordAtStart({ id, createdAtMs, caller, protocol, plan }: AdmittedRequest): UsageRecord {
  const first = plan.attempts[0];
  const { promptTokensEstimate, images, stream } = plan.facts;
  const usage = first === undefined ? ZERO_USAGE : estimatedUsage(promptTokensEstimate, 0);
  const cost = first === undefined ? NO_COST : costOf(usage, first.endpoint, images);
  const isByok = first?.endpoint.provider.callers !== undefined;
  return {
    id,
    createdAtMs,
    tenant: caller.tenantId,
    keyId: caller.keyId,
    protocol,
    model: first?.model.id ?? null,
    provider: first?.endpoint.provider.id ?? null,
    endpoint: first?.endpoint.tag ?? null,
    status: 'orphaned',
    streamed: stream,
    finishReason: null,
    errorCode: null,
    usage,
    usageSource: 'estimated',
    images,
    ...(isByok ? moneyOf(NO_COST, cost) : moneyOf(cost, null)),
    latencyMs: 0,
    firstTokenMs: null,
    upstreamId: '',
    priceVersion: plan.catalogVersion,
    attempts: [],
  };
}

/** The same record once the request has ended. */
export function recordAtEnd(start: UsageRecord, outcome: Outcome): UsageRecord {
  const { served, lastTried } = outcome;
  const at = served ?? lastTried;
  return {
    ...start,
    model: at?.model.id ?? start.model,
    provider: at?.endpoint.provider.id ?? null,
    endpoint: at?.endpoint.tag ?? null,
    status: outcome.status,
    finishReason: outcome.stopReason,
    errorCode: outcome.error?.code ?? null,
    usage: outcome.usage,
    usageSource: outcome.usageSource,
    ...moneyOf(outcome.cost, outcome.byokCost),
    latencyMs: roundedMs(outcome.latencyMs),
    firstTokenMs: outcome.firstTokenMs === null ? null : roundedMs(outcome.firstTokenMs),
    upstreamId: outcome.upstreamId,
    attempts: attemptsOf(outcome),
  };
}

/** How a running request stands, for the case that it never ends. */
export function checkpointOf(start: UsageRecord, outcome: Outcome): Checkpoint {
  const delivered = outcome.served !== null;
  const record = recordAtEnd(start, outcome);
  return {
    id: record.id,
    model: record.model,
    provider: record.provider ?? start.provider,
    endpoint: record.endpoint ?? start.endpoint,
    // Before anything was delivered the estimate of the prompt stands: it may have been read already.
    usage: delivered ? record.usage : start.usage,
    usageSource: delivered ? record.usageSource : start.usageSource,
    costNanoUsd: delivered ? record.costNanoUsd : start.costNanoUsd,
    costInputNanoUsd: delivered ? record.costInputNanoUsd : start.costInputNanoUsd,
    byokCostNanoUsd: delivered ? record.byokCostNanoUsd : start.byokCostNanoUsd,
    costIncomplete: delivered ? record.costIncomplete : start.costIncomplete,
    latencyMs: record.latencyMs,
    firstTokenMs: record.firstTokenMs,
    attempts: record.attempts,
    upstreamId: record.upstreamId,
  };
}

/** A request that ended between its admission and its upstream call: recorded, and free. */
export function recordUnstarted(start: UsageRecord): UsageRecord {
  return {
    ...start,
    provider: null,
    endpoint: null,
    status: 'client_cancelled',
    usage: ZERO_USAGE,
    usageSource: 'none',
    ...moneyOf(NO_COST, null),
  };
}

type Money = Pick<UsageRecord, 'costNanoUsd' | 'costInputNanoUsd' | 'byokCostNanoUsd' | 'costIncomplete'>;

/** `byok` = what an account of the caller's own was charged, and `cost` nothing. */
function moneyOf(cost: Cost, byok: Cost | null): Money {
  return {
    costNanoUsd: cost.nanoUsd,
    costInputNanoUsd: cost.inputNanoUsd,
    byokCostNanoUsd: byok?.nanoUsd ?? null,
    costIncomplete: (byok ?? cost).incomplete,
  };
}

function attemptsOf({ attempts }: Outcome): readonly RecordedAttempt[] {
  return attempts.map((attempt) => ({ ...attempt, latencyMs: roundedMs(attempt.latencyMs) }));
}
