import type { IncomingMessage } from 'node:http';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';
import { GatewayError } from '@switchyard/contract';
import type { TimerWheel } from '@switchyard/transport';

/** Bounds on a request body. */
export interface BodyLimits {
  /** After decompression. */
  readonly maxBytes: number;
  /** For the whole body, plus a second per megabyte announced. */
  readonly timeoutMs: number;
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

/** Reads the whole body, inflating it where it is coded. The listener is called exactly once, never after the client is gone. */
export function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  wheel: TimerWheel,
  listener: BodyListener,
): void {
  const coding = codingOf(request);
  const inflater = coding === null ? null : (INFLATERS[coding]?.() ?? null);
  new BodyReader(request, inflater, limits, wheel, listener).start();
}

class BodyReader {
  private readonly chunks: Buffer[] = [];
  private received = 0;
  private size = 0;
  private over = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly inflater: Transform | null,
    private readonly limits: BodyLimits,
    private readonly wheel: TimerWheel,
    private readonly listener: BodyListener,
  ) {}

  start(): void {
    const { request, inflater, limits } = this;
    const announced = Number(request.headers['content-length'] ?? 0);
    const timer = this.wheel.set(limits.timeoutMs + Math.ceil(announced / MEGABYTE) * 1_000, () => {
      this.finish(new GatewayError('request_timeout', 'The request body did not arrive in time.'));
    });
    this.stopTimer = () => {
      timer.cancel();
    };
    request.on('close', this.stopTimer);
    if (inflater === null) {
      request.on('data', this.take);
      request.on('end', this.end);
      return;
    }
    request.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
    });
    inflater.on('data', this.take);
    inflater.on('end', this.end);
    inflater.on('error', () => {
      this.finish(new GatewayError('invalid_request', 'The request body is not valid in its content-encoding.'));
    });
    request.pipe(inflater);
  }

  private stopTimer = (): void => undefined;

  private readonly take = (chunk: Buffer): void => {
    if (this.over) return;
    this.size += chunk.length;
    const inflated =
      this.inflater !== null && this.size > INFLATION_FREE_BYTES && this.size > this.received * INFLATION_MAX;
    if (this.size > this.limits.maxBytes || inflated) this.finish(tooLarge(this.limits.maxBytes));
    else this.chunks.push(chunk);
  };

  private readonly end = (): void => {
    this.finish(null);
  };

  private finish(error: GatewayError | null): void {
    if (this.over) return;
    this.over = true;
    this.stopTimer();
    if (error !== null) {
      this.request.unpipe();
      this.inflater?.destroy();
      this.request.pause();
      this.listener(error, Buffer.alloc(0));
      return;
    }
    const [first] = this.chunks;
    this.listener(
      null,
      this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks, this.size),
    );
  }
}

function codingOf(request: IncomingMessage): string | null {
  const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  return coding === '' || coding === 'identity' ? null : coding;
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The request body must not be larger than ${String(maxBytes)} bytes.`);
}
