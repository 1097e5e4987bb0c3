import { totalInput, totalOutput } from '@switchyard/contract';
import type { JsonObject, JsonValue, Usage } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { UsageReport } from '@switchyard/conversation';
import type { Deviations } from '../deviations.js';
import { CountReader } from '../token-counts.js';
import { objectOf, objectsOf } from './fields.js';

/** What OpenAI's two protocols call the same counts. */
export interface UsageWords {
  readonly input: string;
  readonly output: string;
  readonly inputDetails: string;
  readonly outputDetails: string;
}

const CHAT_WORDS: UsageWords = {
  input: 'prompt_tokens',
  output: 'completion_tokens',
  inputDetails: 'prompt_tokens_details',
  outputDetails: 'completion_tokens_details',
};

/**
 * Token counts of one answer as its chunks come in. Usage may come on any chunk, more than once and cumulative: the last
 * word on each member counts, so that a bare repetition of the totals does not lose what was said of the cache.
 */
export class UsageReader {
  private members: JsonObject = {};
  private latest = NO_USAGE;

  constructor(private readonly deviations: Deviations) {}

  get report(): UsageReport {
    return this.latest;
  }

  read(chunk: JsonObject): void {
    const usage = usageIn(chunk);
    if (usage === undefined) return;
    const said = Object.entries(usage).filter(([, value]) => value !== null);
    this.members = { ...this.members, ...Object.fromEntries(said) };
    const report = readUsage(this.members, this.deviations);
    if (report.present || report.suspect.length > 0) this.latest = report;
  }
}

/** A chunk's usage. Groq used to put it under `x_groq` alone, Moonshot puts it into the choice that ends the answer. */
function usageIn(chunk: JsonObject): JsonObject | undefined {
  return (
    objectOf(chunk['usage']) ??
    objectOf(objectOf(chunk['x_groq'])?.['usage']) ??
    objectOf(objectsOf(chunk['choices']).find((choice) => objectOf(choice['usage']) !== undefined)?.['usage'])
  );
}

/**
 * Reads a `usage` object into disjoint counts. OpenAI's `prompt_tokens` includes cached and cache-write tokens, its
 * `completion_tokens` includes reasoning; DeepSeek names hits and misses, Moonshot puts `cached_tokens` at the top, and
 * xAI and Google leave reasoning out of `completion_tokens`.
 * Counts that are no counts (negative, fractional, text, beyond all measure) are ignored and named in `suspect`.
 */
export function readUsage(
  raw: JsonValue | undefined,
  deviations: Deviations,
  words: UsageWords = CHAT_WORDS,
): UsageReport {
  const usage = objectOf(raw);
  if (usage === undefined) return NO_USAGE;
  const counts = new CountReader();
  const input = counts.read(usage, words.input);
  const output = counts.read(usage, words.output);
  if (input === undefined && output === undefined) return { ...NO_USAGE, suspect: counts.suspect };
  const parts = {
    ...readInput(usage, objectOf(usage[words.inputDetails]), input ?? 0, counts),
    ...readOutput(usage, objectOf(usage[words.outputDetails]), { input, output: output ?? 0 }, counts, deviations),
    webSearches: webSearches(usage, counts),
  };
  return { present: true, usage: parts, suspect: counts.suspect };
}

function readInput(
  usage: JsonObject,
  details: JsonObject | undefined,
  whole: number,
  counts: CountReader,
): Pick<Usage, 'uncachedInput' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'audioInput'> {
  const cached =
    counts.read(details, 'cached_tokens') ??
    counts.read(usage, 'prompt_cache_hit_tokens') ??
    counts.read(usage, 'cached_tokens') ??
    0;
  // OpenAI's word, Alibaba's (https://www.alibabacloud.com/help/en/model-studio/context-cache) and LiteLLM's.
  const written =
    counts.read(details, 'cache_write_tokens') ??
    counts.read(details, 'cache_creation_input_tokens') ??
    counts.read(details, 'cache_creation_tokens') ??
    0;
  const writtenLong = counts.read(objectOf(details?.['cache_creation']), 'ephemeral_1h_input_tokens') ?? 0;
  const input = counts.share(whole);
  const cacheRead = input.take('cached_tokens', cached);
  const writes = counts.share(input.take('cache_write_tokens', written));
  const cacheWrite1h = writes.take('ephemeral_1h_input_tokens', writtenLong);
  const audioInput = input.take('audio_tokens', counts.read(details, 'audio_tokens') ?? 0);
  return { uncachedInput: input.rest(), cacheRead, cacheWrite5m: writes.rest(), cacheWrite1h, audioInput };
}

function readOutput(
  usage: JsonObject,
  details: JsonObject | undefined,
  told: { readonly input: number | undefined; readonly output: number },
  counts: CountReader,
  deviations: Deviations,
): Pick<Usage, 'output' | 'reasoning' | 'imageOutput' | 'audioOutput'> {
  const total = counts.read(usage, 'total_tokens');
  const beyond = total === undefined || told.input === undefined ? undefined : total - told.input - told.output;
  const mayExclude = deviations.completionTokens === 'exclude-reasoning';
  // Google reports thoughts nowhere but in the total.
  const reported = counts.read(details, 'reasoning_tokens') ?? (mayExclude ? Math.max(0, beyond ?? 0) : 0);
  // The host's own sum says where reasoning is; only where it fits neither way does the profile.
  const isOutside = reported > 0 && (beyond === reported || (mayExclude && beyond !== 0));
  const output = counts.share(isOutside ? told.output + reported : told.output);
  const reasoning = output.take('reasoning_tokens', reported);
  const imageOutput = output.take('image_tokens', counts.read(details, 'image_tokens') ?? 0);
  const audioOutput = output.take(
    'completion audio_tokens',
    counts.read(details, 'audio_tokens', 'completion audio_tokens') ?? 0,
  );
  return { output: output.rest(), reasoning, imageOutput, audioOutput };
}

function webSearches(usage: JsonObject, counts: CountReader): number {
  return (
    counts.read(objectOf(usage['server_tool_use_details']), 'web_search_requests') ??
    counts.read(objectOf(usage['server_tool_use']), 'web_search_requests') ??
    0
  );
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
