import type { TimerHandle } from '@switchyard/transport';
import type { ClientSink } from './client-sink.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';

/** Silence after which a committed stream gets a sign of life, well inside what proxies and clients tolerate. */
const KEEP_ALIVE_MS = 15_000;
/** After a header hold that ran out before the first attempt could begin. */
const HOLD_AGAIN_MS = 100;

/** What a delivery asks of the dispatch whose answer it carries. */
export interface DeliverySource {
  /** False while no attempt was made: there is nobody to name in headers. */
  readonly isServed: boolean;
  /** Headers that name who serves, for the header commit. */
  servedHeaders(): Record<string, string>;
  pauseUpstream(): void;
  resumeUpstream(): void;
}

/**
 * The client's side of one answer: the two commit points, signs of life, and back-pressure towards the upstream.
 */
export class Delivery {
  headersCommitted = false;
  contentCommitted = false;
  /** Milliseconds from the start until content went to the client; `null` = none did. */
  firstTokenMs: number | null = null;
  private hold: TimerHandle | null = null;
  private keepAlive: TimerHandle | null = null;
  private stall: TimerHandle | null = null;
  private ended = false;

  constructor(
    private readonly request: DispatchRequest,
    private readonly sink: ClientSink,
    private readonly tools: DispatchTools,
    private readonly source: DeliverySource,
    private readonly startedAtMs: number,
  ) {}

  /** From now on the status line waits for content at most as long as the header hold says. */
  startHold(delayMs: number = this.request.timeouts.headerHoldMs): void {
    this.hold = this.tools.wheel.set(delayMs, () => {
      if (!this.source.isServed) {
        this.startHold(HOLD_AGAIN_MS);
        return;
      }
      this.commitHeaders();
      this.sendKeepAlive();
    });
  }

  /** Text of the answer that serves, after its content began. */
  forward(text: string): void {
    this.write(text);
  }

  /** The first content goes to the client, with what came before it: from now on this answer is the client's. */
  commit(text: string): void {
    this.markFirstToken();
    this.commitHeaders();
    this.contentCommitted = true;
    this.write(text);
  }

  /** The end of an answer is next. */
  close(hasContent: boolean): void {
    if (hasContent) this.markFirstToken();
    this.commitHeaders();
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
