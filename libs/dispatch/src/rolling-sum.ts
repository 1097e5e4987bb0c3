/** Buckets of a window, beside the one being filled. */
const BUCKETS = 6;

/**
 * A sum over the last `windowMs`, kept in a few buckets: what was added counts for at least the window and at most a sixth
 * of it longer. Adding and reading cost the same however much was added. `nowMs` is monotonic.
 */
export class RollingSum {
  private readonly buckets = new Float64Array(BUCKETS + 1);
  private readonly bucketMs: number;
  /** Number of the bucket being filled, counted from the clock's zero. */
  private newest: number;
  private sum = 0;

  constructor(windowMs: number, nowMs: number) {
    this.bucketMs = windowMs / BUCKETS;
    this.newest = Math.floor(nowMs / this.bucketMs);
  }

  add(amount: number, nowMs: number): void {
    this.turn(nowMs);
    const index = this.newest % this.buckets.length;
    this.buckets[index] = (this.buckets[index] ?? 0) + amount;
    this.sum += amount;
  }

  at(nowMs: number): number {
    this.turn(nowMs);
    return this.sum;
  }

  private turn(nowMs: number): void {
    const newest = Math.floor(nowMs / this.bucketMs);
    if (newest <= this.newest) return;
    const { buckets } = this;
    if (newest - this.newest >= buckets.length) {
      buckets.fill(0);
      this.sum = 0;
    } else {
      for (let bucket = this.newest + 1; bucket <= newest; bucket += 1) {
        this.sum -= buckets[bucket % buckets.length] ?? 0;
        buckets[bucket % buckets.length] = 0;
      }
    }
    this.newest = newest;
  }
}
