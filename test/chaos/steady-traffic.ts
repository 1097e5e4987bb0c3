import { ask } from './client.js';
import type { Ask, Reply } from './client.js';

const BEAT_MS = 10;

/**
 * Sends so many requests a second whatever becomes of them, as callers do who know nothing of each other: a gateway that
 * stalls is not spared.
 */
export class SteadyTraffic {
  readonly replies: Reply[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly beat: NodeJS.Timeout;
  private readonly startMs = performance.now();
  private sent = 0;

  /** `keep` says what of a reply is kept, `null` = nothing: whole texts of long experiments are too much. */
  constructor(
    perSecond: number,
    next: (number: number) => Ask,
    private readonly keep: (reply: Reply) => Reply | null = (reply) => reply,
    /** How a client asks. */
    private readonly exchange: (what: Ask) => Promise<Reply> = ask,
  ) {
    this.beat = setInterval(() => {
      const due = ((performance.now() - this.startMs) * perSecond) / 1_000;
      for (; this.sent < due; this.sent += 1) this.send(next(this.sent));
    }, BEAT_MS);
  }

  get count(): number {
    return this.sent;
  }

  /** Sends no more, and resolves with what became of all. */
  async stop(): Promise<readonly Reply[]> {
    clearInterval(this.beat);
    await Promise.all(this.running);
    return this.replies;
  }

  private send(what: Ask): void {
    const exchange = this.exchange(what).then((reply) => {
      const kept = this.keep(reply);
      if (kept !== null) this.replies.push(kept);
      this.running.delete(exchange);
    });
    this.running.add(exchange);
  }
}
