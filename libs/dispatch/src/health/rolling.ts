import { addToSketch } from './sketch.js';
import type { Sketch } from './sketch.js';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Which of a ring's slots belong to the time that it covers. */
class Ring {
  private newest = 0;

  constructor(
    private readonly slotMs: number,
    readonly size: number,
    private readonly clear: (index: number) => void,
  ) {}

  /** Index of the slot of this moment; slots that fell out of the covered time meanwhile are cleared. */
  turnTo(nowMs: number): number {
    const slot = Math.floor(nowMs / this.slotMs);
    const passed = Math.min(this.size, slot - this.newest);
    for (let step = 0; step < passed; step += 1) this.clear(this.indexOf(slot - step));
    this.newest = Math.max(this.newest, slot);
    return this.indexOf(this.newest);
  }

  /** Of the slot that lies so many before the newest. */
  back(steps: number): number {
    return this.indexOf(this.newest - steps);
  }

  private indexOf(slot: number): number {
    return ((slot % this.size) + this.size) % this.size;
  }
}

/** What passed and what failed within the last `slotMs * slots` milliseconds, the oldest slot at a time forgotten. Times never go back. */
export class RollingCounts {
  private readonly passed: Uint32Array;
  private readonly failed: Uint32Array;
  private readonly ring: Ring;

  constructor(slotMs: number, slots: number) {
    this.passed = new Uint32Array(slots);
    this.failed = new Uint32Array(slots);
    this.ring = new Ring(slotMs, slots, (index) => {
      this.passed[index] = 0;
      this.failed[index] = 0;
    });
  }

  add(nowMs: number, passed: number, failed: number): void {
    const index = this.ring.turnTo(nowMs);
    this.passed[index] = (this.passed[index] ?? 0) + passed;
    this.failed[index] = (this.failed[index] ?? 0) + failed;
  }

  sums(nowMs: number): Counts {
    this.ring.turnTo(nowMs);
    return { passed: sumOf(this.passed), failed: sumOf(this.failed) };
  }

  reset(): void {
    this.passed.fill(0);
    this.failed.fill(0);
  }
}

/** Values of the last `slotMs * slots` milliseconds. Times never go back. */
export class RollingSketch {
  private readonly slots: (Sketch | null)[];
  private readonly ring: Ring;

  constructor(slotMs: number, slots: number) {
    this.slots = new Array<Sketch | null>(slots).fill(null);
    this.ring = new Ring(slotMs, slots, (index) => {
      this.slots[index] = null;
    });
  }

  add(nowMs: number, bucket: number, count: number): void {
    const index = this.ring.turnTo(nowMs);
    let sketch = this.slots[index];
    if (sketch === null || sketch === undefined) this.slots[index] = sketch = new Map<number, number>();
    addToSketch(sketch, bucket, count);
  }

  /** All values of the last `slots` slots. */
  sum(nowMs: number, slots: number): Sketch {
    this.ring.turnTo(nowMs);
    const sum: Sketch = new Map();
    for (let step = 0; step < Math.min(slots, this.ring.size); step += 1) {
      for (const [bucket, count] of this.slots[this.ring.back(step)] ?? []) addToSketch(sum, bucket, count);
    }
    return sum;
  }
}

function sumOf(counts: Uint32Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}
