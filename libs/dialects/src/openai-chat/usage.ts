import { totalInput, totalOutput } from '@switchyard/contract';
import type { JsonObject, JsonValue, Usage } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { UsageReport } from '@switchyard/conversation';
import type { Deviations } from '../deviations.js';
import { objectOf } from './fields.js';

/**
 * Reads a `usage` object into disjoint counts. OpenAI's `prompt_tokens` includes cached and cache-write tokens, its
 * `completion_tokens` includes reasoning; DeepSeek names hits and misses, Moonshot puts `cached_tokens` at the top, and
 * xAI leaves reasoning out of `completion_tokens`, which its own `total_tokens` gives away.
 * Counts that are no counts (negative, fractional, text) are ignored and named in `suspect`.
 */
export function readUsage(raw: JsonValue | undefined, deviations: Deviations): UsageReport {
  const usage = objectOf(raw);
  if (usage === undefined) return NO_USAGE;
  const suspect: string[] = [];
  const count = (owner: JsonObject | undefined, key: string): number | undefined => {
    const value = owner?.[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    suspect.push(key);
    return undefined;
  };

  const prompt = count(usage, 'prompt_tokens');
  const completion = count(usage, 'completion_tokens');
  if (prompt === undefined && completion === undefined) return { ...NO_USAGE, suspect };
  const input = readInput(usage, prompt ?? 0, count, suspect);
  const output = readOutput(usage, { prompt: prompt ?? 0, completion: completion ?? 0 }, count, suspect, deviations);
  const webSearches =
    count(objectOf(usage['server_tool_use_details']), 'web_search_requests') ??
    count(objectOf(usage['server_tool_use']), 'web_search_requests') ??
    0;
  return { present: true, usage: { ...input, ...output, webSearches }, suspect };
}

type Count = (owner: JsonObject | undefined, key: string) => number | undefined;

function readInput(
  usage: JsonObject,
  prompt: number,
  count: Count,
  suspect: string[],
): Pick<Usage, 'uncachedInput' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'audioInput'> {
  const details = objectOf(usage['prompt_tokens_details']);
  const take = limited(prompt, suspect);
  const cacheRead = take(
    'cached_tokens',
    count(details, 'cached_tokens') ?? count(usage, 'prompt_cache_hit_tokens') ?? count(usage, 'cached_tokens') ?? 0,
  );
  const cacheWrite5m = take('cache_write_tokens', count(details, 'cache_write_tokens') ?? 0);
  const audioInput = take('audio_tokens', count(details, 'audio_tokens') ?? 0);
  return {
    uncachedInput: prompt - cacheRead - cacheWrite5m - audioInput,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h: 0,
    audioInput,
  };
}

function readOutput(
  usage: JsonObject,
  totals: { readonly prompt: number; readonly completion: number },
  count: Count,
  suspect: string[],
  deviations: Deviations,
): Pick<Usage, 'output' | 'reasoning' | 'imageOutput' | 'audioOutput'> {
  const details = objectOf(usage['completion_tokens_details']);
  const reported = count(details, 'reasoning_tokens') ?? 0;
  const total = count(usage, 'total_tokens');
  const outside =
    deviations.completionTokens === 'exclude-reasoning' ||
    (reported > 0 && total === totals.prompt + totals.completion + reported);
  const take = limited(outside ? totals.completion + reported : totals.completion, suspect);
  const reasoning = take('reasoning_tokens', reported);
  const imageOutput = take('image_tokens', count(details, 'image_tokens') ?? 0);
  const audioOutput = take('completion audio_tokens', count(details, 'audio_tokens') ?? 0);
  const whole = outside ? totals.completion + reported : totals.completion;
  return { output: whole - reasoning - imageOutput - audioOutput, reasoning, imageOutput, audioOutput };
}

/** Hands out parts of a whole; a part larger than what is left is cut to it and named. */
function limited(whole: number, suspect: string[]): (name: string, part: number) => number {
  let left = whole;
  return (name, part) => {
    const taken = Math.min(part, left);
    if (taken < part) suspect.push(name);
    left -= taken;
    return taken;
  };
}

/** A `usage` object in OpenAI's arithmetic: cached and written tokens inside the prompt, reasoning inside the completion. */
export function writeUsage(usage: Usage, costFields: JsonObject | null): JsonObject {
  const prompt = totalInput(usage);
  const completion = totalOutput(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
      audio_tokens: usage.audioInput,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.audioOutput,
      image_tokens: usage.imageOutput,
    },
    ...(usage.webSearches > 0 && { server_tool_use_details: { web_search_requests: usage.webSearches } }),
    ...costFields,
  };
}
