import type { Socket } from 'node:net';

/** What a network does to what it carries. */
export interface Conditions {
  /** Milliseconds on the way, in each direction. */
  readonly latencyMs: number;
  /** Up to so many more, drawn for each piece; the order stays. */
  readonly jitterMs: number;
  /** In each direction; `null` = without a bound. */
  readonly bytesPerSecond: number | null;
}

/** What is on the way at most before the sender is slowed down. */
const UNDER_WAY_MAX = 1024 * 1024;

/** One direction of a connection through a bad network. */
export class Pipe {
  private readonly underWay: { readonly bytes: Buffer | null; readonly dueMs: number }[] = [];
  private size = 0;
  private lastDueMs = 0;
  private isHeld = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly conditions: () => Conditions,
  ) {
    from.on('data', (bytes: Buffer) => {
      this.take(bytes);
    });
    from.on('end', () => {
      this.take(null);
    });
    to.on('drain', () => {
      this.pass();
    });
  }

  /** True: nothing passes until it is told false. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.pass();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.underWay.length = 0;
    this.isHeld = true;
  }

  /** `null` = the end. */
  private take(bytes: Buffer | null): void {
    const { latencyMs, jitterMs, bytesPerSecond } = this.conditions();
    const arrivesMs = performance.now() + latencyMs + jitterMs * Math.random();
    const lengthMs = bytesPerSecond === null ? 0 : ((bytes?.length ?? 0) * 1_000) / bytesPerSecond;
    this.lastDueMs = Math.max(arrivesMs, this.lastDueMs) + lengthMs;
    this.underWay.push({ bytes, dueMs: this.lastDueMs });
    this.size += bytes?.length ?? 0;
    this.pass();
  }

  private pass(): void {
    for (let next = this.underWay[0]; next !== undefined && !this.isHeld; next = this.underWay[0]) {
      if (this.to.writableNeedDrain) break;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer ??= setTimeout(() => {
          this.timer = null;
          this.pass();
        }, waitMs);
        break;
      }
      this.underWay.shift();
      this.size -= next.bytes?.length ?? 0;
      if (next.bytes === null) this.to.end();
      else this.to.write(next.bytes);
    }
    if (this.size > UNDER_WAY_MAX) this.from.pause();
    else this.from.resume();
  }
}
