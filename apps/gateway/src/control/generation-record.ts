import type { JsonObject, Protocol, Usage } from '@switchyard/contract';
import { USAGE_FIELDS, totalInput, totalOutput } from '@switchyard/contract';
import type { StopReason } from '@switchyard/conversation';
import { usdOfNano } from '@switchyard/metering';
import type { RecordedAttempt, UsageRecord } from '@switchyard/metering';

/** What a client of each protocol is told when the model stops for a reason. OpenAI has no word for a paused turn. */
const FINISH_REASONS: Readonly<Record<Protocol, Readonly<Record<StopReason, string>>>> = {
  messages: {
    end: 'end_turn',
    'max-tokens': 'max_tokens',
    'stop-sequence': 'stop_sequence',
    'tool-use': 'tool_use',
    refusal: 'refusal',
    pause: 'pause_turn',
    'context-window': 'model_context_window_exceeded',
    'content-filter': 'refusal',
  },
  chat: {
    end: 'stop',
    'max-tokens': 'length',
    'stop-sequence': 'stop',
    'tool-use': 'tool_calls',
    refusal: 'content_filter',
    pause: 'stop',
    'context-window': 'length',
    'content-filter': 'content_filter',
  },
};

/** A usage record as the API shows it. Costs are in USD and in integer nano-USD, times in milliseconds. */
export function recordJson(record: UsageRecord): JsonObject {
  const { usage } = record;
  return {
    id: `gen_${record.id}`,
    request_id: `req_${record.id}`,
    key_id: record.keyId,
    tenant: record.tenant,
    created_at: new Date(record.createdAtMs).toISOString(),
    protocol: record.protocol,
    model: record.model,
    provider: record.provider,
    endpoint: record.endpoint,
    attempts: record.attempts.map(attemptJson),
    status: record.status,
    cancelled: record.status === 'client_cancelled',
    streamed: record.streamed,
    finish_reason: record.finishReason === null ? null : finishReasonFor(record.protocol, record.finishReason),
    error: record.errorCode,
    usage_source: record.usageSource,
    ...tokensJson(usage),
    images: record.images,
    is_byok: record.byokCostNanoUsd !== null,
    upstream_inference_cost: upstreamCostOf(record),
    total_cost: usdOfNano(record.costNanoUsd),
    cost_nano_usd: record.costNanoUsd,
    cost_input_nano_usd: record.costInputNanoUsd,
    cost_incomplete: record.costIncomplete,
    latency_ms: record.latencyMs,
    first_token_ms: record.firstTokenMs,
    upstream_id: record.upstreamId,
    price_version: record.priceVersion,
  };
}

/** What was used: totals as OpenRouter counts them, and the disjoint counts, all of them. */
export function tokensJson(usage: Usage): JsonObject {
  return {
    tokens_prompt: totalInput(usage),
    tokens_completion: totalOutput(usage),
    tokens_cached: usage.cacheRead,
    tokens_cache_write: usage.cacheWrite5m + usage.cacheWrite1h,
    tokens_reasoning: usage.reasoning,
    usage: Object.fromEntries(USAGE_FIELDS.map(([count, word]) => [word, usage[count]])),
  };
}

/** What the caller's own account was charged, in USD; `null` = it was not used, or its prices are not known. */
function upstreamCostOf({ byokCostNanoUsd, costIncomplete }: UsageRecord): number | null {
  return byokCostNanoUsd === null || costIncomplete ? null : usdOfNano(byokCostNanoUsd);
}

function attemptJson(attempt: RecordedAttempt): JsonObject {
  return {
    model: attempt.model,
    provider: attempt.provider,
    endpoint: attempt.endpoint,
    status: attempt.status,
    error_class: attempt.errorClass,
    latency_ms: attempt.latencyMs,
  };
}

/** A word that is none of ours, from a record of another version, is shown as it is. */
function finishReasonFor(protocol: Protocol, reason: string): string {
  const words: Readonly<Record<string, string>> = FINISH_REASONS[protocol];
  return Object.hasOwn(words, reason) ? (words[reason] ?? reason) : reason;
}
