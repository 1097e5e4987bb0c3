import type { IncomingMessage, ServerResponse } from 'node:http';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';
import { GatewayError } from '@switchyard/contract';
import type { TimerHandle, TimerWheel } from '@switchyard/transport';

/** Bounds on a request body. */
export interface BodyLimits {
  /** After decompression. */
  readonly maxBytes: number;
  /** For the whole body, plus a second per megabyte announced. */
  readonly timeoutMs: number;
  /** Holds the number of big bodies that are read at once; `null` = there is no such bound. */
  readonly big: BigBodies | null;
}

/** Big bodies are read a few at a time: each of them holds its memory, and for some time the whole process. */
export interface BigBodies {
  readonly bigBodyBytes: number;
  /** True = it may be read, and `bigBodyRead` is to be called once it is worked through, or will not be. */
  admitsBigBody(): boolean;
  bigBodyRead(): void;
  /** For the body that was one too many. */
  error(): GatewayError;
}

export type BodyListener = (error: GatewayError | null, bytes: Buffer) => void;

/** A compressed body may grow by this factor; text compresses about tenfold, bombs a thousandfold. */
const INFLATION_MAX = 100;
/** Below this no ratio is judged: a few bytes can hold a few kilobytes of repetition honestly. */
const INFLATION_FREE_BYTES = 64 * 1024;
const MEGABYTE = 1024 * 1024;

const INFLATERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Throws before any byte is read when the headers alone say no: wrong type, unknown coding, announced size too large. */
export function checkBodyHeaders(request: IncomingMessage, limits: BodyLimits): void {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json[ ]*(;|$)/i.test(type)) {
    const given = type === '' ? 'none' : JSON.stringify(type.slice(0, 80));
    throw new GatewayError('unsupported_media_type', `content-type must be application/json, got ${given}.`);
  }
  const coding = codingOf(request);
  if (coding !== null && INFLATERS[coding] === undefined) {
    const message = `content-encoding must be one of gzip, br, zstd or identity, got ${JSON.stringify(coding.slice(0, 40))}.`;
    throw new GatewayError('unsupported_media_type', message);
  }
  if (Number(request.headers['content-length'] ?? 0) > limits.maxBytes) throw tooLarge(limits.maxBytes);
}

/** What reading a body needs to know. */
export interface BodySource {
  readonly request: IncomingMessage;
  /** Of the same request: its client may wait to be told that the body is wanted. */
  readonly response: Pick<ServerResponse, 'writeContinue'> | undefined;
  readonly limits: BodyLimits;
}

/** Reads the whole body, inflating it where it is coded. The listener is called exactly once, never after the client is gone. */
export function readBody({ request, response, limits }: BodySource, wheel: TimerWheel, listener: BodyListener): void {
  if (request.headers.expect !== undefined && request.httpVersion !== '1.0') response?.writeContinue();
  new BodyReading(request, limits, listener).start(wheel);
}

/** One body on its way in. */
class BodyReading {
  private readonly chunks: Buffer[] = [];
  /** After decompression. */
  private size = 0;
  /** Bytes that came over the wire, where the body is coded. */
  private received = 0;
  private readonly inflater: Transform | null;
  private readonly announced: number;
  private timer: TimerHandle | null = null;
  private isOver = false;
  /** One of the places for big bodies is taken. */
  private isBig = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly limits: BodyLimits,
    private readonly listener: BodyListener,
  ) {
    const coding = codingOf(request);
    this.inflater = coding === null ? null : (INFLATERS[coding]?.() ?? null);
    this.announced = Number(request.headers['content-length'] ?? 0);
  }

  start(wheel: TimerWheel): void {
    const { request, inflater } = this;
    if (!this.mayGrowTo(this.announced)) return;
    const timeoutMs = this.limits.timeoutMs + Math.ceil(this.announced / MEGABYTE) * 1_000;
    this.timer = wheel.set(timeoutMs, () => {
      this.finish(new GatewayError('request_timeout', 'The request body did not arrive in time.'));
    });
    request.on('close', () => {
      this.leave();
    });
    if (inflater !== null) {
      this.inflate(inflater);
      return;
    }
    request.on('data', (chunk: Buffer) => {
      this.take(chunk);
    });
    request.on('end', () => {
      this.finish(null);
    });
  }

  private inflate(inflater: Transform): void {
    this.request.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
    });
    inflater.on('data', (chunk: Buffer) => {
      this.take(chunk);
    });
    inflater.on('end', () => {
      this.finish(null);
    });
    inflater.on('error', () => {
      this.finish(new GatewayError('invalid_request', 'The request body is not valid in its content-encoding.'));
    });
    this.request.pipe(inflater);
  }

  private take(chunk: Buffer): void {
    if (this.isOver) return;
    this.size += chunk.length;
    const { maxBytes } = this.limits;
    const isBomb =
      this.inflater !== null && this.size > INFLATION_FREE_BYTES && this.size > this.received * INFLATION_MAX;
    if (this.size > maxBytes || isBomb) this.finish(tooLarge(maxBytes));
    else if (this.mayGrowTo(this.size)) this.chunks.push(chunk);
  }

  /** False = it would be one big body too many, and was refused. */
  private mayGrowTo(size: number): boolean {
    const { big } = this.limits;
    if (this.isBig || big === null || size <= big.bigBodyBytes) return true;
    if (!big.admitsBigBody()) {
      this.finish(big.error());
      return false;
    }
    this.isBig = true;
    return true;
  }

  private finish(error: GatewayError | null): void {
    if (this.isOver) return;
    this.isOver = true;
    if (error !== null) this.stopReading();
    this.listener(error, error === null ? this.whole() : Buffer.alloc(0));
    this.leave();
  }

  private leave(): void {
    this.timer?.cancel();
    if (this.isBig) this.limits.big?.bigBodyRead();
    this.isBig = false;
  }

  private whole(): Buffer {
    const [first] = this.chunks;
    return this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks, this.size);
  }

  private stopReading(): void {
    this.request.unpipe();
    this.inflater?.destroy();
    this.request.pause();
  }
}

function codingOf(request: IncomingMessage): string | null {
  const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  return coding === '' || coding === 'identity' ? null : coding;
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The request body must not be larger than ${String(maxBytes)} bytes.`);
}
