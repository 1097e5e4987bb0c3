import { UpstreamError } from '@switchyard/contract';
import type { PlannedAttempt, Timeouts, UpstreamFailure } from '@switchyard/contract';
import { SseScanner, relayAnswer, streamRelay } from '@switchyard/dialects';
import type {
  AnswerContext,
  AnswerOrigin,
  AnswerSummary,
  Dialect,
  SseFrame,
  StreamProgress,
  StreamTap,
} from '@switchyard/dialects';
import type {
  TimerHandle,
  TimerWheel,
  Transport,
  UpstreamCall,
  UpstreamHandler,
  UpstreamRequest,
} from '@switchyard/transport';
import { concealIn } from './conceal.js';
import { StreamWatch } from './stream-watch.js';
import { failureOfAnswer, looksLikeEventStream } from './upstream-answer.js';

/** Most bytes kept of an upstream's error body: enough for its message, never logged or shown whole. */
const ERROR_BODY_BYTES_MAX = 64 * 1024;
const EVENT_BYTES_MAX = 1024 * 1024;
/** How long an upstream may keep its socket open after its terminator before it is closed for it. */
const LINGER_MS = 1_000;

export interface AttemptSettings {
  readonly planned: PlannedAttempt;
  readonly client: Dialect;
  readonly upstream: Dialect;
  readonly request: UpstreamRequest;
  readonly origin: AnswerOrigin;
  readonly context: AnswerContext;
  readonly stream: boolean;
  /** `totalMs` is `Infinity` where nothing but the whole request is bounded. */
  readonly timeouts: Timeouts;
  readonly asksReasoning: boolean;
  /** Characters of streamed content beyond which the answer cannot be what was asked for; `Infinity` = no bound. */
  readonly contentLengthMax: number;
  /** What the request was signed in with: never repeated to the caller. */
  readonly secrets: readonly string[];
  /** Longest a whole answer that is not streamed may take; milliseconds. */
  readonly wholeAnswerMs: number;
}

/** What an attempt tells the dispatch that runs it. Exactly one of `answered`, `finished` and `failed` is called, once, and never after `abort`. */
export interface AttemptListener {
  /** A whole answer, ready for the client. */
  answered(body: Buffer | string, summary: AnswerSummary): void;
  /** Text for the client out of one read of the upstream. */
  streamed(text: string, progress: StreamProgress): void;
  /** The terminator was seen; `text` is the last. */
  finished(text: string, progress: StreamProgress): void;
  failed(failure: UpstreamFailure): void;
  /** A programming error met on the way, for the log; `failed` follows. */
  fault(error: unknown): void;
}

/** One try at one endpoint: sends, reads the answer, times it out. */
export class Attempt implements UpstreamHandler {
  /** HTTP status; `null` until headers arrived. */
  status: number | null = null;
  readonly relay: StreamTap | null;

  private call: UpstreamCall | null = null;
  /** Of an answer that is not streamed, and of what lingers after the end of one that is. */
  private timer: TimerHandle | null = null;
  private readonly watch: StreamWatch | null;
  private headers: Readonly<Record<string, string | undefined>> = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private scanner: SseScanner | null = null;
  private over = false;

  constructor(
    private readonly settings: AttemptSettings,
    private readonly listener: AttemptListener,
    private readonly transport: Pick<Transport, 'send'>,
    private readonly wheel: TimerWheel,
  ) {
    const { client, upstream, origin, context, stream, timeouts, asksReasoning } = settings;
    this.relay = stream ? streamRelay(client, upstream, origin, context) : null;
    this.watch = stream
      ? new StreamWatch(timeouts, asksReasoning, wheel, (what) => {
          this.timeOut(what);
        })
      : null;
  }

  start(): void {
    if (this.watch === null) {
      this.timer = this.wheel.set(this.settings.wholeAnswerMs, () => {
        this.timeOut('no answer came');
      });
    } else {
      this.watch.start();
    }
    this.call = this.transport.send(this.settings.request, this);
  }

  /** The whole request was handed to the connection: the upstream may work for it, and charge. */
  get wasSent(): boolean {
    return this.call?.bodySent ?? false;
  }

  /** Closes the upstream connection; the listener hears nothing more. */
  abort(): void {
    this.conclude();
    this.call?.abort();
  }

  pause(): void {
    this.watch?.pause();
    this.call?.pause();
  }

  resume(): void {
    if (this.over) return;
    this.watch?.resume();
    this.call?.resume();
  }

  onHeaders(status: number, headers: Readonly<Record<string, string | undefined>>): void {
    this.status = status;
    this.headers = headers;
    if (status < 200 || status > 299) return;
    if (this.relay !== null && looksLikeEventStream(headers['content-type'])) {
      this.scanner = new SseScanner({ maxEventBytes: EVENT_BYTES_MAX });
    }
  }

  onData(chunk: Buffer): void {
    if (this.over) return;
    if (this.scanner !== null) {
      this.read(this.scanner, chunk);
      return;
    }
    this.bytes += chunk.length;
    if (this.isWholeAnswer || this.bytes <= ERROR_BODY_BYTES_MAX) {
      this.chunks.push(chunk);
      return;
    }
    // Enough of an error body; what it says is decided by its beginning.
    this.concludeWithBody();
    this.call?.abort();
  }

  onEnd(): void {
    if (this.over) {
      this.timer?.cancel();
      return;
    }
    if (this.scanner === null) {
      this.concludeWithBody();
      return;
    }
    this.readEnd(this.scanner);
  }

  onError(error: UpstreamError): void {
    this.fail(error.failure);
  }

  private get isWholeAnswer(): boolean {
    return this.relay === null && this.status !== null && this.status >= 200 && this.status <= 299;
  }

  private read(scanner: SseScanner, chunk: Buffer): void {
    const relay = this.streamTap();
    const { progress } = relay;
    const { contentLengthMax } = this.settings;
    const contentBefore = progress.semantic ? progress.contentLength : -1;
    const commentsBefore = scanner.comments;
    let text = '';
    let frames: readonly SseFrame[];
    try {
      frames = scanner.push(chunk);
      for (const frame of frames) {
        const piece = relay.pass(frame);
        if (progress.contentLength > contentLengthMax) throw runaway();
        text += piece;
        if (progress.done) {
          this.finish(text, progress);
          return;
        }
      }
    } catch (error) {
      this.breakOff(text, progress, error);
      return;
    }
    this.watch?.heard(
      chunk.length,
      progress.semantic && progress.contentLength > contentBefore,
      frames.length > 0 || scanner.comments > commentsBefore,
    );
    if (text !== '') this.listener.streamed(text, relay.progress);
  }

  private readEnd(scanner: SseScanner): void {
    const relay = this.streamTap();
    let text = '';
    try {
      for (const frame of scanner.end()) text += relay.pass(frame);
      if (!relay.progress.done) text += relay.end();
    } catch (error) {
      this.breakOff(text, relay.progress, error);
      return;
    }
    this.finish(text, relay.progress);
  }

  private streamTap(): StreamTap {
    if (this.relay === null) throw new Error('an answer that is not streamed has no tap');
    return this.relay;
  }

  /** What was understood before the break still goes to the client. */
  private breakOff(text: string, progress: StreamProgress, error: unknown): void {
    if (text !== '') this.listener.streamed(text, progress);
    if (this.over) return;
    const failure = this.failureOf(error);
    // An end without a terminator and without content is no answer at all, not one cut short.
    const empty = failure.class === 'truncated' && !progress.semantic;
    this.fail(
      empty
        ? { ...failure, class: 'invalid_answer', message: 'The upstream ended its stream without content.' }
        : failure,
    );
    this.call?.abort();
  }

  private finish(text: string, progress: StreamProgress): void {
    this.conclude();
    const { call } = this;
    this.timer = this.wheel.set(LINGER_MS, () => call?.abort());
    this.listener.finished(text, progress);
  }

  private concludeWithBody(): void {
    const body = this.chunks.length === 1 ? (this.chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.chunks);
    const { client, upstream, origin, context } = this.settings;
    if (!this.isWholeAnswer) {
      this.fail(failureOfAnswer(upstream, this.status ?? 0, this.headers, body, Date.now()));
      return;
    }
    try {
      const { body: answer, summary } = relayAnswer(client, upstream, body, origin, context);
      this.conclude();
      this.listener.answered(answer, summary);
    } catch (error) {
      this.fail(this.failureOf(error));
    }
  }

  /** A fault of Switchyard's own while reading an answer is reported, and counts as an answer that could not be read. */
  private failureOf(error: unknown): UpstreamFailure {
    if (error instanceof UpstreamError) return error.failure;
    this.listener.fault(error);
    return { class: 'invalid_answer', status: this.status, message: 'The upstream answer could not be read.' };
  }

  private fail(failure: UpstreamFailure): void {
    if (this.over) return;
    this.conclude();
    this.listener.failed(concealIn(failure, this.settings.secrets));
  }

  private conclude(): void {
    this.over = true;
    this.watch?.stop();
    this.timer?.cancel();
    this.timer = null;
  }

  private timeOut(what: string): void {
    if (this.over) return;
    const { call } = this;
    this.fail({ class: 'timeout', status: this.status, message: `The upstream timed out: ${what} in time.` });
    call?.abort();
  }
}

/** No stop reason was seen, so none is made up: the answer ends as one that broke. */
function runaway(): UpstreamError {
  const message = 'The upstream wrote far more than the request allows and was cut off.';
  return new UpstreamError({ class: 'invalid_answer', status: 200, message });
}
