import { MINUTE_MS } from '../windows.js';
import { IdleSweep } from './idle-sweep.js';

interface Bucket {
  level: number;
  atMs: number;
  limit: number;
}

/**
 * Token buckets that hold one minute's limit and refill continuously. A level counts sixty-thousandths of a token, so that a
 * millisecond adds a whole number of them. Levels are negative while more was used than was reserved.
 */
export class Buckets {
  private readonly buckets = new Map<string, Bucket>();
  private readonly sweep = new IdleSweep(
    this.buckets,
    (bucket, nowMs) => levelOf(bucket, nowMs) === full(bucket.limit),
  );

  level(key: string, limit: number, nowMs: number): number {
    const bucket = this.buckets.get(key);
    return bucket === undefined ? full(limit) : levelOf({ ...bucket, limit }, nowMs);
  }

  /** Takes tokens, or gives them back. Under `shadow` nobody is held back, so the debt would grow without bound. */
  take(
    key: string,
    { limit, mode }: { limit: number; mode: 'enforce' | 'shadow' },
    tokens: number,
    nowMs: number,
  ): void {
    const level = Math.min(full(limit), this.level(key, limit, nowMs) - tokens * MINUTE_MS);
    this.buckets.set(key, { level: mode === 'shadow' ? Math.max(level, -full(limit)) : level, atMs: nowMs, limit });
    this.sweep.look(nowMs);
    this.sweep.look(nowMs);
  }

  /** Goes on from a level that was seen elsewhere, in tokens; negative for a debt. */
  goOnFrom(key: string, limit: number, tokens: number, atMs: number): void {
    this.buckets.set(key, { level: Math.min(full(limit), Math.floor(tokens * MINUTE_MS)), atMs, limit });
    this.sweep.look(atMs);
    this.sweep.look(atMs);
  }

  get size(): number {
    return this.buckets.size;
  }
}

function full(limit: number): number {
  return limit * MINUTE_MS;
}

/** A clock that was set back does not take anything away. */
function levelOf({ level, atMs, limit }: Bucket, nowMs: number): number {
  return Math.min(full(limit), level + Math.max(0, nowMs - atMs) * limit);
}
