import type { StreamProgress } from '@switchyard/dialects';
import type { TimerHandle } from '@switchyard/transport';
import type { ClientSink } from './client-sink.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';

/** Silence after which a committed stream gets a sign of life, well inside what proxies and clients tolerate. */
const KEEP_ALIVE_MS = 15_000;

/** What a delivery asks of the dispatch whose answer it carries. */
export interface DeliverySource {
  /** Headers that name who serves, for the header commit. */
  servedHeaders(): Record<string, string>;
  pauseUpstream(): void;
  resumeUpstream(): void;
}

/**
 * The client's side of one answer: the two commit points, the prelude kept back until content commit, signs of life, and
 * back-pressure towards the upstream.
 */
export class Delivery {
  headersCommitted = false;
  contentCommitted = false;
  /** Milliseconds from the start until content went to the client; `null` = none did. */
  firstTokenMs: number | null = null;
  private hold: TimerHandle | null = null;
  private keepAlive: TimerHandle | null = null;
  private stall: TimerHandle | null = null;
  /** Prelude of the running attempt. */
  private held = '';
  private ended = false;

  constructor(
    private readonly request: DispatchRequest,
    private readonly sink: ClientSink,
    private readonly tools: DispatchTools,
    private readonly source: DeliverySource,
    private readonly startedAtMs: number,
  ) {}

  /** From now on the status line waits for content at most as long as the header hold says. */
  startHold(): void {
    this.hold = this.tools.wheel.set(this.request.timeouts.headerHoldMs, () => {
      this.commitHeaders();
      this.sendKeepAlive();
    });
  }

  /** Another attempt begins: what the last one said before any content is forgotten. */
  restart(): void {
    this.held = '';
  }

  forward(text: string, progress: StreamProgress): void {
    if (this.contentCommitted) {
      this.write(text);
      return;
    }
    this.held += text;
    if (!progress.semantic) return;
    this.markFirstToken();
    this.commitHeaders();
    this.contentCommitted = true;
    const prelude = this.held;
    this.held = '';
    this.write(prelude);
  }

  /** All text that is still owed before the end: the prelude of an answer without content, and `last`. */
  closing(last: string, progress: StreamProgress): string {
    if (progress.semantic) this.markFirstToken();
    this.commitHeaders();
    const text = this.held + last;
    this.held = '';
    return text;
  }

  markFirstToken(): void {
    this.firstTokenMs ??= this.tools.nowMs() - this.startedAtMs;
  }

  /** Nothing but the last text is written from here on. */
  end(): void {
    this.ended = true;
    this.hold?.cancel();
    this.keepAlive?.cancel();
    this.stall?.cancel();
  }

  private commitHeaders(): void {
    if (this.headersCommitted) return;
    this.headersCommitted = true;
    this.hold?.cancel();
    this.sink.start(this.source.servedHeaders());
    this.armKeepAlive();
  }

  private armKeepAlive(): void {
    this.keepAlive = this.tools.wheel.set(KEEP_ALIVE_MS, () => {
      this.armKeepAlive();
      this.sendKeepAlive();
    });
  }

  private sendKeepAlive(): void {
    if (this.ended) return;
    this.write(this.request.client.keepAlive(this.contentCommitted));
  }

  private write(text: string): void {
    this.keepAlive?.refresh();
    if (this.sink.write(text) || this.stall !== null) return;
    this.source.pauseUpstream();
    this.stall = this.tools.wheel.set(this.request.timeouts.clientStallMs, () => {
      this.sink.destroy();
    });
    this.sink.onceDrained(() => {
      this.stall?.cancel();
      this.stall = null;
      if (!this.ended) this.source.resumeUpstream();
    });
  }
}
