const MINUTE_MS = 60_000;

export interface Charge {
  readonly atMs: number;
  readonly cost: number;
}

export interface BucketCheck {
  /** Lowest level, in tokens: negative = more was admitted in some stretch of time than capacity and refill allow. */
  readonly lowest: number;
  /** Level at the end, in sixty-thousandths of a token. */
  levelAt(atMs: number): number;
}

/**
 * Replays what was admitted against an ideal bucket that starts full. It never falls below 0 exactly when in no stretch of
 * `t` milliseconds more than `limit * t / 60000 + limit` was admitted.
 */
export function replay(charges: readonly Charge[], limit: number): BucketCheck {
  const full = limit * MINUTE_MS;
  let level = full;
  let lowest = full;
  let lastMs = -Infinity;
  const refilled = (atMs: number): number => Math.min(full, level + Math.max(0, atMs - lastMs) * limit);
  for (const { atMs, cost } of [...charges].sort((left, right) => left.atMs - right.atMs)) {
    level = refilled(atMs) - cost * MINUTE_MS;
    lastMs = Math.max(lastMs, atMs);
    lowest = Math.min(lowest, level);
  }
  return { lowest: lowest / MINUTE_MS, levelAt: refilled };
}
