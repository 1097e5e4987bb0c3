/**
 * Tokens a request used. The counts are disjoint: each token is in exactly one of them, so a cost is a plain dot
 * product and no provider's habit of nesting counts (cached inside prompt, reasoning inside completion) leaks further in.
 */
export interface Usage {
  /** Input tokens read at full price: neither cache read nor cache write nor audio. */
  readonly uncachedInput: number;
  readonly cacheRead: number;
  /** Written with a 5-minute (or unstated) lifetime. */
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly audioInput: number;
  /** Output tokens that are neither reasoning, image nor audio. */
  readonly output: number;
  readonly reasoning: number;
  readonly imageOutput: number;
  readonly audioOutput: number;
  /** Server-side web searches run, a count of calls. */
  readonly webSearches: number;
}

export const ZERO_USAGE: Usage = {
  uncachedInput: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  audioInput: 0,
  output: 0,
  reasoning: 0,
  imageOutput: 0,
  audioOutput: 0,
  webSearches: 0,
};

/** The counts in the words that they have outside the code: in records, the log, the database and metrics. */
export const USAGE_WORDS = {
  uncachedInput: 'uncached_input',
  cacheRead: 'cache_read',
  cacheWrite5m: 'cache_write_5m',
  cacheWrite1h: 'cache_write_1h',
  audioInput: 'audio_input',
  output: 'output',
  reasoning: 'reasoning',
  imageOutput: 'image_output',
  audioOutput: 'audio_output',
  webSearches: 'web_searches',
} as const satisfies Record<keyof Usage, string>;
export type UsageWord = (typeof USAGE_WORDS)[keyof Usage];

/** Each count with its word, in the order of `Usage`. */
export const USAGE_FIELDS = Object.entries(USAGE_WORDS) as readonly (readonly [keyof Usage, UsageWord])[];

/** What was seen of an answer beside what its upstream reports of tokens. */
export interface UsageEvidence {
  /** Upper-leaning estimate made before the request was sent. */
  readonly promptTokensEstimate: number;
  /** Characters of text, visible thinking and tool arguments that were delivered. */
  readonly contentLength: number;
  /** Output tokens declared for one choice; `null` = none declared. */
  readonly maxOutputTokens: number | null;
  /** Answers asked for (`n`). */
  readonly choices: number;
  /** The answer was cut: the report covers a part only. */
  readonly broken: boolean;
}

/** What is charged after a report was held against the evidence. */
export interface JudgedUsage {
  /** Safe non-negative integers, whatever the report was. */
  readonly usage: Usage;
  readonly source: UsageSource;
  /** What was clamped, ignored or not believed. */
  readonly suspect: readonly string[];
}

/** Where a usage came from: `partial` = what was reported before a stream broke off. */
export type UsageSource = 'upstream' | 'partial' | 'estimated' | 'none';

/** All input tokens, cached and written ones included. */
export function totalInput(usage: Usage): number {
  return usage.uncachedInput + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h + usage.audioInput;
}

/** All output tokens, reasoning, image and audio included. */
export function totalOutput(usage: Usage): number {
  return usage.output + usage.reasoning + usage.imageOutput + usage.audioOutput;
}
