/** Attempts that a process reads to their end although nobody waits for them any more. */
const DRAINS_MAX = 32;
/** Longest that one of them is read. */
export const DRAIN_MAX_MS = 120_000;

/** Places for upstream answers whose client is gone and that are billed all the same. */
export class Drains {
  private running = 0;

  /** True = a place was taken; give it back with `leave`. */
  enter(): boolean {
    if (this.running >= DRAINS_MAX) return false;
    this.running += 1;
    return true;
  }

  leave(): void {
    this.running -= 1;
  }
}
