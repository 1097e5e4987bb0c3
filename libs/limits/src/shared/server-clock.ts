/** The store's time as last heard, carried on by the monotonic clock; this process' own wall clock before the first answer. */
export class ServerClock {
  private offsetMs: number | null = null;

  constructor(private readonly clock: { monotonicMs(): number; wallMs(): number }) {}

  heard(serverTimeMs: number): void {
    this.offsetMs = serverTimeMs - this.clock.monotonicMs();
  }

  /** Unix milliseconds. */
  nowMs(): number {
    return this.offsetMs === null ? this.clock.wallMs() : Math.round(this.offsetMs + this.clock.monotonicMs());
  }

  get skewMs(): number {
    return this.clock.wallMs() - this.nowMs();
  }
}
