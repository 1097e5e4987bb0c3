/** A value read back from a sketch is off by at most this share of itself. */
export const SKETCH_ERROR = 0.025;

const GAMMA = (1 + SKETCH_ERROR) / (1 - SKETCH_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** About 3e-7 and 5e8: whatever lies beyond counts as lying there, so that a sketch cannot grow without end. */
const BUCKET_MIN = -300;
const BUCKET_MAX = 400;

/**
 * How often values fell into each bucket. A bucket is a fixed share wider than the one below it, so that sketches of
 * several processes add up to the sketch of all their values.
 */
export type Sketch = Map<number, number>;

/** Of a value above 0. */
export function bucketOf(value: number): number {
  const bucket = Math.ceil(Math.log(value) / LOG_GAMMA);
  return Math.min(BUCKET_MAX, Math.max(BUCKET_MIN, bucket));
}

export function isBucket(value: number): boolean {
  return Number.isInteger(value) && value >= BUCKET_MIN && value <= BUCKET_MAX;
}

export function addToSketch(sketch: Sketch, bucket: number, count: number): void {
  sketch.set(bucket, (sketch.get(bucket) ?? 0) + count);
}

/** The values of a sketch, from the lowest to the highest. */
export class Distribution {
  readonly count: number;
  private readonly buckets: readonly (readonly [bucket: number, count: number])[];

  constructor(sketch: Sketch) {
    this.buckets = [...sketch].sort(([left], [right]) => left - right);
    this.count = this.buckets.reduce((sum, [, count]) => sum + count, 0);
  }

  /** What this share of the values (0..1) lies below, within `SKETCH_ERROR`; 0 when there is no value. */
  at(share: number): number {
    const rank = Math.min(this.count - 1, Math.floor(share * this.count));
    let below = 0;
    for (const [bucket, count] of this.buckets) {
      below += count;
      if (rank < below) return (2 * GAMMA ** bucket) / (GAMMA + 1);
    }
    return 0;
  }
}
