import { IdleSweep } from '../local/idle-sweep.js';
import type { LimitState } from '../types.js';
import { isBudget, MINUTE_MS } from '../windows.js';

/** What was left in a bucket according to Redis. */
export interface KnownLevel {
  readonly group: string;
  readonly state: LimitState;
  /** The store's time, Unix milliseconds. */
  readonly seenMs: number;
}

/** The last known levels of buckets, from which they go on while Redis is away. One not seen for a minute may be full. */
export class KnownLevels {
  private readonly levels = new Map<string, KnownLevel>();
  private readonly sweep = new IdleSweep(this.levels, ({ seenMs }, nowMs) => nowMs - seenMs > MINUTE_MS);

  /** From a decision of Redis. */
  note(key: string, level: KnownLevel): void {
    const { dimension } = level.state.limit;
    if (isBudget(dimension) || dimension === 'concurrency') return;
    this.levels.set(key, level);
    this.sweep.look(level.seenMs);
    this.sweep.look(level.seenMs);
  }

  /** All of them, and none from then on. */
  take(): readonly KnownLevel[] {
    const levels = [...this.levels.values()];
    this.levels.clear();
    return levels;
  }
}
