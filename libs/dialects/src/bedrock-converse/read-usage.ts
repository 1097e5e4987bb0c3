import { ZERO_USAGE, isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { UsageReport } from '@switchyard/conversation';
import { CountReader } from '../token-counts.js';

/**
 * Reads the `usage` of a Converse answer, or of the `metadata` event of its stream. `inputTokens` leaves out what the cache
 * served or took; `cacheDetails` splits the writes by lifetime; reasoning is inside `outputTokens` and not told apart
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html).
 */
export function readConverseUsage(raw: JsonValue | undefined): UsageReport {
  if (!isJsonObject(raw)) return NO_USAGE;
  const counts = new CountReader();
  const input = counts.read(raw, 'inputTokens');
  const output = counts.read(raw, 'outputTokens');
  if (input === undefined && output === undefined) return { ...NO_USAGE, suspect: counts.suspect };
  const written = counts.read(raw, 'cacheWriteInputTokens');
  const long = writtenFor(raw, '1h', counts);
  const writes = counts.share(written ?? long + writtenFor(raw, '5m', counts));
  const cacheWrite1h = writes.take('cacheDetails', long);
  const usage = {
    ...ZERO_USAGE,
    uncachedInput: input ?? 0,
    cacheRead: counts.read(raw, 'cacheReadInputTokens') ?? 0,
    cacheWrite5m: writes.rest(),
    cacheWrite1h,
    output: output ?? 0,
  };
  return { present: true, usage, suspect: counts.suspect };
}

function writtenFor(usage: JsonObject, ttl: string, counts: CountReader): number {
  const details = usage['cacheDetails'];
  if (!Array.isArray(details)) return 0;
  let tokens = 0;
  for (const detail of details as readonly JsonValue[]) {
    if (isJsonObject(detail) && detail['ttl'] === ttl)
      tokens += counts.read(detail, 'inputTokens', 'cacheDetails') ?? 0;
  }
  return tokens;
}
