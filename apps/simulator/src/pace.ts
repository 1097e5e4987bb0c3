/** How fast an answer comes. Infinity tokens per second and 0 ms: as fast as the reader reads. */
export interface Pace {
  readonly tokensPerSecond: number;
  readonly timeToFirstTokenMs: number;
}

export const AT_ONCE: Pace = { tokensPerSecond: Number.POSITIVE_INFINITY, timeToFirstTokenMs: 0 };

/** When `tokens` tokens are due, in milliseconds after the start of the answer. */
export function dueMs(pace: Pace, tokens: number): number {
  return pace.timeToFirstTokenMs + (tokens / pace.tokensPerSecond) * 1000;
}
