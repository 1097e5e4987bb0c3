import type { UpstreamFailure } from '@switchyard/contract';
import { UpstreamError } from '@switchyard/contract';
import type { Dispatcher, Pool } from 'undici';
import { CodedBody, decoderFor } from './coded-body.js';
import { connectTimedOut, failureOf, headersTimedOut, invalidAnswer } from './failure-of.js';
import type { TimerHandle, TimerWheel } from './timer-wheel.js';
import type { UpstreamCall, UpstreamHandler, UpstreamHeaders, UpstreamRequest } from './upstream.js';

/** Interim answers (`103 Early Hints` and the like) a server may send before its answer. */
const INTERIM_ANSWERS_MAX = 16;
/** Most bytes a coded body may become: such bodies are decoded as a whole, also where no other bound is set. */
const DECODED_BYTES_MAX = 64 * 1024 * 1024;
/** Shared: an error of its own, with its stack, would cost more than closing the connection. */
const ABORTED = new Error('aborted by Switchyard');

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** What an exchange needs of its transport. */
export interface ExchangeTools {
  readonly wheel: TimerWheel;
  /** Told of exceptions of the handler, which are faults of the program. */
  readonly onFault: (error: unknown) => void;
}

/** One request and its answer: undici's view of it on one side, the caller's on the other. */
export class Exchange implements UpstreamCall, Dispatcher.DispatchHandler {
  bodySent = false;

  private controller: Dispatcher.DispatchController | null = null;
  private timer: TimerHandle;
  /** The handler has heard its last. */
  private settled = false;
  private started = false;
  private paused = false;
  private status: number | null = null;
  private interimAnswers = 0;
  private bodyBytes = 0;
  private coded: CodedBody | null = null;

  constructor(
    private readonly request: UpstreamRequest,
    private readonly handler: UpstreamHandler,
    private readonly tools: ExchangeTools,
  ) {
    this.timer = tools.wheel.set(request.connectTimeoutMs, () => {
      this.fail(connectTimedOut());
    });
  }

  /** Hands the request to the pool that `open` gives. Failures met on the way are told later, not from within. */
  start(open: () => Pool): void {
    const { path, method, headers, body } = this.request;
    const asked = headers['accept-encoding'] === 'identity' ? headers : { ...headers, 'accept-encoding': 'identity' };
    try {
      open().dispatch({ path, method, headers: asked, body }, this);
    } catch (error) {
      this.onResponseError(null, error);
    }
    this.started = true;
  }

  abort(): void {
    if (this.settled) return;
    this.settle();
    this.disconnect();
  }

  pause(): void {
    if (this.settled || this.paused) return;
    this.paused = true;
    this.controller?.pause();
  }

  resume(): void {
    if (this.settled || !this.paused) return;
    this.paused = false;
    // undici cannot be resumed from within a callback of another request: its parser is busy then.
    queueMicrotask(() => {
      if (!this.paused && !this.settled) this.controller?.resume();
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection. Throwing takes the request back unsent and leaves the connection to the next one,
    // where aborting would close it.
    if (this.settled) throw ABORTED;
    this.controller = controller;
    if (this.paused) controller.pause();
    this.timer.cancel();
    this.timer = this.tools.wheel.set(this.request.headersTimeoutMs, () => {
      this.fail(headersTimedOut());
    });
  }

  onRequestSent(): void {
    this.bodySent = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, received: Headers): void {
    if (this.settled) return;
    if (status < 200) {
      this.interimAnswers++;
      if (this.interimAnswers > INTERIM_ANSWERS_MAX) {
        this.fail(invalidAnswer(status, 'The upstream sent interim answers without end.'));
      }
      return;
    }
    this.timer.cancel();
    this.status = status;
    const headers = flatten(received);
    const decoder = decoderFor(headers['content-encoding']);
    if (decoder === 'unknown' || (decoder !== null && isEventStream(headers))) {
      this.fail(invalidAnswer(status, 'The upstream coded its answer, though it was asked not to.'));
      return;
    }
    if (decoder !== null) {
      this.coded = new CodedBody(decoder, Math.min(this.request.maxBodyBytes, DECODED_BYTES_MAX));
      headers['content-encoding'] = undefined;
      headers['content-length'] = undefined;
    }
    try {
      this.handler.onHeaders(status, headers);
    } catch (error) {
      this.fault(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled) return;
    this.bodyBytes += chunk.length;
    const bytesMax = this.coded?.maxBytes ?? this.request.maxBodyBytes;
    if (this.bodyBytes > bytesMax) {
      this.fail(invalidAnswer(this.status, `The upstream answer is larger than ${bytesMax} bytes.`));
      return;
    }
    if (this.coded === null) this.deliver(chunk);
    else this.coded.add(chunk);
  }

  onResponseEnd(): void {
    if (this.coded === null) this.finish();
    else {
      this.coded.finish((decoded) => {
        this.finishDecoded(decoded);
      });
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    if (this.started) {
      this.fail(failureOf(error, this.status));
      return;
    }
    queueMicrotask(() => {
      this.fail(failureOf(error, this.status));
    });
  }

  private finishDecoded(decoded: Buffer | null): void {
    if (decoded === null) {
      this.fail(invalidAnswer(this.status, 'The coded answer of the upstream could not be decoded, or is too large.'));
      return;
    }
    this.deliver(decoded);
    this.finish();
  }

  private deliver(chunk: Buffer): void {
    if (this.settled || chunk.length === 0) return;
    try {
      this.handler.onData(chunk);
    } catch (error) {
      this.fault(error);
    }
  }

  private finish(): void {
    if (this.settled) return;
    this.settle();
    try {
      this.handler.onEnd();
    } catch (error) {
      this.tools.onFault(error);
    }
  }

  private fail(failure: UpstreamFailure): void {
    if (this.settled) return;
    this.settle();
    this.disconnect();
    try {
      this.handler.onError(new UpstreamError(failure));
    } catch (error) {
      this.tools.onFault(error);
    }
  }

  private fault(error: unknown): void {
    this.tools.onFault(error);
    this.fail(invalidAnswer(this.status, 'The upstream answer could not be processed.'));
  }

  private settle(): void {
    this.settled = true;
    this.timer.cancel();
  }

  /** Before the request has a connection there is nothing to close: `onRequestStart` takes it back. */
  private disconnect(): void {
    this.controller?.abort(ABORTED);
  }
}

function isEventStream(headers: UpstreamHeaders): boolean {
  return headers['content-type']?.toLowerCase().startsWith('text/event-stream') === true;
}

function flatten(received: Headers): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {};
  for (const name in received) {
    const value = received[name];
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
