import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue, Usage, UsageSource } from '@switchyard/contract';
import { RECORD_STATUSES } from '../record.js';
import type { RecordedAttempt, UsageRecord } from '../record.js';
import type { Checkpoint } from './checkpoint.js';

type Check = (value: JsonValue | undefined) => boolean;
/** One check for every field of `T`: a field that is added to the type is missing here until it has one. */
type Checks<T> = Readonly<Record<keyof T, Check>>;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isTime: Check = (value) => Number.isFinite(value) && (value as number) >= 0;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isId: Check = (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const oneOf =
  (words: readonly JsonValue[]): Check =>
  (value) =>
    value !== undefined && words.includes(value);

const shape =
  <T>(checks: Checks<T>): Check =>
  (value) =>
    isJsonObject(value) && fits(value, checks);

const USAGE_SOURCES: readonly UsageSource[] = ['upstream', 'partial', 'estimated', 'none'];

const USAGE: Checks<Usage> = {
  uncachedInput: isCount,
  cacheRead: isCount,
  cacheWrite5m: isCount,
  cacheWrite1h: isCount,
  audioInput: isCount,
  output: isCount,
  reasoning: isCount,
  imageOutput: isCount,
  audioOutput: isCount,
  webSearches: isCount,
};

const ATTEMPT: Checks<RecordedAttempt> = {
  model: isText,
  provider: isText,
  endpoint: isText,
  status: orNull(isCount),
  errorClass: orNull(isText),
  latencyMs: isTime,
};

const isAttempt = shape(ATTEMPT);

const CHECKPOINT: Checks<Checkpoint> = {
  id: isId,
  model: orNull(isText),
  provider: orNull(isText),
  endpoint: orNull(isText),
  usage: shape(USAGE),
  usageSource: oneOf(USAGE_SOURCES),
  costNanoUsd: isCount,
  costInputNanoUsd: isCount,
  byokCostNanoUsd: (value) => value === undefined || value === null || isCount(value),
  costIncomplete: isFlag,
  latencyMs: isTime,
  firstTokenMs: orNull(isTime),
  attempts: (value) => Array.isArray(value) && value.every((attempt: JsonValue) => isAttempt(attempt)),
  upstreamId: isText,
};

const RECORD: Checks<UsageRecord> = {
  ...CHECKPOINT,
  createdAtMs: isCount,
  tenant: isText,
  keyId: isText,
  protocol: oneOf(['messages', 'chat']),
  status: oneOf(RECORD_STATUSES),
  streamed: isFlag,
  finishReason: orNull(isText),
  errorCode: orNull(isText),
  images: isCount,
  priceVersion: isText,
};

/** A usage record from disk; `null` = not one, in any field. */
export function readRecord(json: JsonValue): UsageRecord | null {
  return isJsonObject(json) && fits(json, RECORD) ? (completed(json) as unknown as UsageRecord) : null;
}

/** A checkpoint from disk; `null` = not one, in any field. */
export function readCheckpoint(json: JsonValue): Checkpoint | null {
  return isJsonObject(json) && fits(json, CHECKPOINT) ? (completed(json) as unknown as Checkpoint) : null;
}

/** Journals of earlier versions know nothing of callers' accounts. */
function completed(json: JsonObject): JsonObject {
  return json['byokCostNanoUsd'] === undefined ? { ...json, byokCostNanoUsd: null } : json;
}

function fits<T>(json: JsonObject, checks: Checks<T>): boolean {
  return Object.entries<Check>(checks).every(([field, check]) => check(json[field]));
}
