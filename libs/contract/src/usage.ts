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
