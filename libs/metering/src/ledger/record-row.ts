import type { AttemptsTable, RequestsTable } from '@switchyard/database';
import type { RecordedAttempt, UsageRecord } from '../record.js';
import { amount, count, fault, statusCode, tenths, text, textOrNull, truth } from './checked-values.js';
import { PROTOCOL_CODES, STATUS_CODES, USAGE_SOURCE_CODES } from './codes.js';
import { usageColumns, usageOf } from './usage-columns.js';

/** A record as the rows it becomes. */
export interface RecordRows {
  readonly request: RequestsTable;
  readonly attempts: readonly AttemptsTable[];
}

/** Text that comes from a provider or names a failure: whatever is longer is noise. */
const UPSTREAM_ID_MAX = 200;
const WORD_MAX = 64;

const ID = /^[0-9a-f]{32}$/;

export function isRecordId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id);
}

/** Throws `RangeError` that names the first field at fault. */
export function rowsOf(record: UsageRecord): RecordRows {
  const { id } = record;
  if (!isRecordId(id)) throw fault('id', id, '32 lower-case hexadecimal digits');
  const sole = soleAttempt(record);
  return {
    request: {
      id,
      created_at: amount('createdAtMs', record.createdAtMs),
      cost_nano: amount('costNanoUsd', record.costNanoUsd),
      cost_input_nano: amount('costInputNanoUsd', record.costInputNanoUsd),
      byok_cost_nano: record.byokCostNanoUsd === null ? null : amount('byokCostNanoUsd', record.byokCostNanoUsd),
      ...usageColumns(record.usage),
      images: count('images', record.images),
      latency_tenth_ms: tenths('latencyMs', record.latencyMs),
      first_token_tenth_ms: record.firstTokenMs === null ? null : tenths('firstTokenMs', record.firstTokenMs),
      sole_attempt_tenth_ms: sole === null ? null : tenths('attempts.0.latencyMs', sole.latencyMs),
      sole_attempt_status: sole === null ? null : statusCode('attempts.0.status', sole.status),
      protocol: PROTOCOL_CODES.codeOf(record.protocol),
      status: STATUS_CODES.codeOf(record.status),
      usage_source: USAGE_SOURCE_CODES.codeOf(record.usageSource),
      streamed: truth('streamed', record.streamed),
      cost_incomplete: truth('costIncomplete', record.costIncomplete),
      tenant: text('tenant', record.tenant),
      key_id: text('keyId', record.keyId),
      model: textOrNull('model', record.model),
      provider: textOrNull('provider', record.provider),
      endpoint: textOrNull('endpoint', record.endpoint),
      finish_reason: textOrNull('finishReason', record.finishReason, WORD_MAX),
      error_code: textOrNull('errorCode', record.errorCode, WORD_MAX),
      upstream_id: text('upstreamId', record.upstreamId, UPSTREAM_ID_MAX),
      price_version: text('priceVersion', record.priceVersion),
    },
    attempts: sole === null ? record.attempts.map((attempt, n) => attemptRow(id, n, attempt)) : [],
  };
}

/** The record of a row and of its rows of `attempts`, in order. Throws `RangeError` for a code of a newer version. */
export function recordOf(row: RequestsTable, attempts: readonly AttemptsTable[]): UsageRecord {
  return {
    id: row.id,
    createdAtMs: row.created_at,
    tenant: row.tenant,
    keyId: row.key_id,
    protocol: PROTOCOL_CODES.wordOf(row.protocol),
    model: row.model,
    provider: row.provider,
    endpoint: row.endpoint,
    status: STATUS_CODES.wordOf(row.status),
    streamed: row.streamed === 1,
    finishReason: row.finish_reason,
    errorCode: row.error_code,
    usage: usageOf(row),
    usageSource: USAGE_SOURCE_CODES.wordOf(row.usage_source),
    images: row.images,
    costNanoUsd: row.cost_nano,
    costInputNanoUsd: row.cost_input_nano,
    byokCostNanoUsd: row.byok_cost_nano,
    costIncomplete: row.cost_incomplete === 1,
    latencyMs: row.latency_tenth_ms / 10,
    firstTokenMs: row.first_token_tenth_ms === null ? null : row.first_token_tenth_ms / 10,
    upstreamId: row.upstream_id,
    priceVersion: row.price_version,
    attempts: soleAttemptOf(row) ?? attempts.map(attemptOf),
  };
}

/** The only attempt, when all but its duration and status can be told from the record. That is most requests. */
function soleAttempt({ model, provider, endpoint, attempts }: UsageRecord): RecordedAttempt | null {
  const [first, ...others] = attempts;
  if (first === undefined || others.length > 0 || first.errorClass !== null) return null;
  const isSamePlace = first.model === model && first.provider === provider && first.endpoint === endpoint;
  return isSamePlace ? first : null;
}

function soleAttemptOf(row: RequestsTable): readonly RecordedAttempt[] | null {
  const { model, provider, endpoint, sole_attempt_tenth_ms: duration, sole_attempt_status: status } = row;
  if (duration === null || model === null || provider === null || endpoint === null) return null;
  return [{ model, provider, endpoint, status, errorClass: null, latencyMs: duration / 10 }];
}

function attemptRow(id: string, n: number, attempt: RecordedAttempt): AttemptsTable {
  const field = (name: string): string => `attempts.${n}.${name}`;
  return {
    request_id: id,
    n,
    latency_tenth_ms: tenths(field('latencyMs'), attempt.latencyMs),
    status: statusCode(field('status'), attempt.status),
    model: text(field('model'), attempt.model),
    provider: text(field('provider'), attempt.provider),
    endpoint: text(field('endpoint'), attempt.endpoint),
    error_class: textOrNull(field('errorClass'), attempt.errorClass, WORD_MAX),
  };
}

function attemptOf(row: AttemptsTable): RecordedAttempt {
  const { model, provider, endpoint, status, error_class: errorClass, latency_tenth_ms: duration } = row;
  return { model, provider, endpoint, status, errorClass, latencyMs: duration / 10 };
}
