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
  const body = new BodyBuffer(limits.maxBytes, inflater !== null);
  const announced = Number(request.headers['content-length'] ?? 0);
  const timeoutMs = limits.timeoutMs + Math.ceil(announced / MEGABYTE) * 1_000;
  let over = false;
  const finish = (error: GatewayError | null): void => {
    if (over) return;
    over = true;
    timer.cancel();
    if (error !== null) stopReading(request, inflater);
    listener(error, error === null ? body.whole() : Buffer.alloc(0));
  };
  const timer = wheel.set(timeoutMs, () => {
    finish(new GatewayError('request_timeout', 'The request body did not arrive in time.'));
  });
  request.on('close', () => {
    timer.cancel();
  });
  const take = (chunk: Buffer): void => {
    if (!over && !body.add(chunk)) finish(tooLarge(limits.maxBytes));
  };
  const end = (): void => {
    finish(null);
  };
  if (inflater === null) {
    request.on('data', take);
    request.on('end', end);
    return;
  }
  request.on('data', (chunk: Buffer) => {
    body.received += chunk.length;
  });
  inflater.on('data', take);
  inflater.on('end', end);
  inflater.on('error', () => {
    finish(new GatewayError('invalid_request', 'The request body is not valid in its content-encoding.'));
  });
  request.pipe(inflater);
}

/** What has arrived of a body, within its bounds. */
class BodyBuffer {
  /** Bytes that came over the wire, where the body is coded. */
  received = 0;
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly isCoded: boolean,
  ) {}

  /** False when the chunk takes the body over a bound. */
  add(chunk: Buffer): boolean {
    this.size += chunk.length;
    const bomb = this.isCoded && this.size > INFLATION_FREE_BYTES && this.size > this.received * INFLATION_MAX;
    if (this.size > this.maxBytes || bomb) return false;
    this.chunks.push(chunk);
    return true;
  }

  whole(): Buffer {
    const [first] = this.chunks;
    return this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks, this.size);
  }
}

function stopReading(request: IncomingMessage, inflater: Transform | null): void {
  request.unpipe();
  inflater?.destroy();
  request.pause();
}

function codingOf(request: IncomingMessage): string | null {
  const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  return coding === '' || coding === 'identity' ? null : coding;
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The request body must not be larger than ${String(maxBytes)} bytes.`);
}
