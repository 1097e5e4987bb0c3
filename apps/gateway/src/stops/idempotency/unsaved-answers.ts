import type { Logger } from '@switchyard/telemetry';

const RETRY_MS = 1_000;
const BYTES_MAX = 16 * 1024 * 1024;
const COUNT_MAX = 10_000;

/** What the store did not take. */
export interface UnsavedAnswer {
  /** `null` = that there was an answer is all there is to save. */
  readonly sealed: Buffer | null;
  readonly keepMs: number;
  save(sealed: Buffer | null): Promise<void>;
}

/**
 * Answers that were given while the store was away, saved when it is back: until then their claims hold, as long as a
 * lease, and afterwards a repetition would run. Bounded: what is too much is remembered without its text, then not at all.
 */
export class UnsavedAnswers {
  private readonly waiting = new Map<string, UnsavedAnswer & { readonly untilMs: number }>();
  private bytes = 0;
  private isTrying = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly logger: Logger) {}

  add(slot: string, answer: UnsavedAnswer, error: unknown): void {
    if (this.waiting.size >= COUNT_MAX) return;
    if (this.waiting.size === 0) {
      this.logger.warn(
        { err: error },
        'answers under an Idempotency-Key wait for Redis; until then nobody can repeat them',
      );
    }
    const size = answer.sealed?.length ?? 0;
    const fits = this.bytes + size <= BYTES_MAX;
    this.bytes += fits ? size : 0;
    const untilMs = performance.now() + answer.keepMs;
    this.waiting.set(slot, { ...answer, sealed: fits ? answer.sealed : null, untilMs });
    this.timer ??= setInterval(() => {
      void this.tryAgain();
    }, RETRY_MS).unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** One after the other, until one fails. */
  private async tryAgain(): Promise<void> {
    if (this.isTrying) return;
    this.isTrying = true;
    try {
      for (const [slot, answer] of this.waiting) {
        if (performance.now() < answer.untilMs) await answer.save(answer.sealed);
        this.waiting.delete(slot);
        this.bytes -= answer.sealed?.length ?? 0;
      }
      this.stop();
    } catch {
      // The store is still away.
    } finally {
      this.isTrying = false;
    }
  }
}
