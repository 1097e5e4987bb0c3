import type { Timeouts } from '@switchyard/contract';
import type { TimerHandle, TimerWheel } from '@switchyard/transport';

/** Bytes of an event that is not complete yet which count as progress: large events over slow lines do not trickle. */
const PROGRESS_BYTES = 64;

/** Milliseconds. `totalMs` is `Infinity` where nothing but the whole request is bounded. */
export type StreamTimes = Pick<
  Timeouts,
  'firstEventMs' | 'reasoningFirstEventMs' | 'idleMs' | 'progressMs' | 'pingsMs' | 'totalMs'
>;

/**
 * The clocks of one streamed answer: the first content, silence, progress and the whole. Silence is broken by any byte,
 * progress only by content, or by enough of it on its way; events and comments without content pass for progress for a
 * limited time in all. No clock runs while the client holds the stream back.
 */
export class StreamWatch {
  private first: TimerHandle | null = null;
  private idle: TimerHandle | null = null;
  private progress: TimerHandle | null = null;
  private total: TimerHandle | null = null;
  private flows = false;
  private paused = false;
  /** Bytes since the last progress. */
  private pendingBytes = 0;
  private lastProgressMs = 0;
  /** Time that only events without content have filled so far. */
  private emptyMs = 0;
  private totalLeftMs: number;
  private runningSinceMs = 0;

  /** `onFire` is told what did not come in time; nothing fires after it or after `stop`. */
  constructor(
    private readonly times: StreamTimes,
    private readonly asksReasoning: boolean,
    private readonly wheel: TimerWheel,
    private readonly onFire: (what: string) => void,
  ) {
    this.totalLeftMs = times.totalMs;
  }

  start(): void {
    this.run();
  }

  /** One read of the stream: whether content was in it, and whether a whole event or a comment was (`hasSigns`). */
  heard(bytes: number, hasContent: boolean, hasSigns: boolean): void {
    if (this.paused) return;
    if (!this.flows) {
      if (hasContent) this.flow();
      return;
    }
    this.idle?.refresh();
    if (hasContent) {
      this.noteProgress();
      return;
    }
    if (hasSigns) this.noteEmptySign();
    else this.noteBytes(bytes);
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.totalLeftMs -= this.wheel.now() - this.runningSinceMs;
    this.stop();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.run();
  }

  stop(): void {
    this.first?.cancel();
    this.idle?.cancel();
    this.progress?.cancel();
    this.total?.cancel();
  }

  private run(): void {
    this.runningSinceMs = this.wheel.now();
    if (Number.isFinite(this.totalLeftMs)) this.total = this.set(Math.max(1, this.totalLeftMs), 'it did not end');
    if (this.flows) {
      this.flow();
      return;
    }
    const { firstEventMs, reasoningFirstEventMs } = this.times;
    this.first = this.set(this.asksReasoning ? reasoningFirstEventMs : firstEventMs, 'no content came');
  }

  private flow(): void {
    this.flows = true;
    this.first?.cancel();
    this.lastProgressMs = this.wheel.now();
    this.pendingBytes = 0;
    this.idle = this.set(this.times.idleMs, 'the stream stalled and nothing more came');
    this.progress = this.set(this.times.progressMs, 'the stream went on without content and none came');
  }

  private noteProgress(): void {
    this.progress?.refresh();
    this.pendingBytes = 0;
    this.lastProgressMs = this.wheel.now();
  }

  private noteEmptySign(): void {
    const now = this.wheel.now();
    this.emptyMs += now - this.lastProgressMs;
    this.lastProgressMs = now;
    if (this.emptyMs <= this.times.pingsMs) this.progress?.refresh();
  }

  private noteBytes(bytes: number): void {
    this.pendingBytes += bytes;
    if (this.pendingBytes >= PROGRESS_BYTES) this.noteProgress();
  }

  private set(delayMs: number, what: string): TimerHandle {
    return this.wheel.set(delayMs, () => {
      this.stop();
      this.onFire(what);
    });
  }
}
