/** Names held until a moment each. All are held for equally long, so that the order of holding is the order of lapsing. */
export class Leases {
  private readonly ends = new Map<string, number>();
  /** Nothing lapses before this. Saves looking while what was first is given back in time. */
  private earliestMs = Infinity;

  get size(): number {
    return this.ends.size;
  }

  hold(name: string, endMs: number): void {
    this.ends.delete(name);
    this.ends.set(name, endMs);
    this.earliestMs = Math.min(this.earliestMs, endMs);
  }

  drop(name: string): void {
    this.ends.delete(name);
  }

  /** Drops and answers what ended, `most` at a time. */
  lapse(nowMs: number, most = Infinity): readonly string[] {
    if (nowMs < this.earliestMs) return [];
    const lapsed: string[] = [];
    this.earliestMs = Infinity;
    for (const [name, endMs] of this.ends) {
      if (endMs > nowMs || lapsed.length === most) {
        this.earliestMs = endMs;
        break;
      }
      lapsed.push(name);
    }
    for (const name of lapsed) this.ends.delete(name);
    return lapsed;
  }
}
