import { isAscii } from 'node:buffer';
import { UpstreamError } from '@switchyard/contract';
import type { SseFrame } from './frame.js';

export interface SseLimits {
  /** Most bytes between two blank lines, comments included; 1 MiB when absent. Also bounds a line, hence all buffering. */
  readonly maxEventBytes?: number;
}

const DEFAULT_MAX_EVENT_BYTES = 1024 * 1024;
/** A larger buffer is given back after the line that needed it. */
const KEPT_CAPACITY_BYTES = 64 * 1024;

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;

/**
 * Cuts a byte stream into server-sent events, wherever the chunks happen to break: inside a character, a line or a line end. Reads
 * CR, LF and CRLF mixed and skips a leading byte order mark (WHATWG HTML, section 9.2.6); `id`, `retry` and unknown fields are
 * ignored. Unlike the standard it delivers a last event that lacks its blank line, as several providers end their streams so.
 *
 * Throws `UpstreamError(invalid_answer)` when an event exceeds its limit; the scanner is of no use afterwards.
 */
export class SseScanner {
  private readonly maxEventBytes: number;
  private readonly tail: ByteTail;
  private commentCount = 0;
  private event: string | null = null;
  private data: string | null = null;
  /** Bytes of the complete lines since the last blank line. */
  private eventBytes = 0;
  private atFirstLine = true;
  /** The last chunk ended in CR: a LF that opens the next one belongs to it. */
  private skipLineFeed = false;

  constructor(limits: SseLimits = {}) {
    this.maxEventBytes = limits.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES;
    this.tail = new ByteTail(this.maxEventBytes);
  }

  /** Comment lines seen so far: a sign of life that is no event. */
  get comments(): number {
    return this.commentCount;
  }

  /** Bytes of the event that is not complete yet. */
  get bufferedBytes(): number {
    return this.eventBytes + this.tail.length;
  }

  /** The events that `chunk` completes. Keeps no reference to `chunk` itself. */
  push(chunk: Buffer): readonly SseFrame[] {
    const frames: SseFrame[] = [];
    if (chunk.length === 0) return frames;
    const source = new Source(chunk);
    const { text } = source;
    const { length } = chunk;
    let at = this.skipLineFeed && chunk[0] === LINE_FEED ? 1 : 0;
    this.skipLineFeed = false;

    let lineFeed = offsetOf(text, '\n', at);
    let carriageReturn = offsetOf(text, '\r', at);
    for (;;) {
      const end = Math.min(lineFeed, carriageReturn);
      if (end === length) break;
      this.completeLine(source, at, end, frames);
      at = end + 1;
      if (end === carriageReturn) {
        if (at === length) this.skipLineFeed = true;
        else if (lineFeed === at) at++;
        carriageReturn = offsetOf(text, '\r', at);
      }
      if (lineFeed < at) lineFeed = offsetOf(text, '\n', at);
    }
    if (at < length) this.hold(chunk, at, length);
    return frames;
  }

  /** The stream is over: delivers what was begun. */
  end(): readonly SseFrame[] {
    const frames: SseFrame[] = [];
    if (this.tail.length > 0) this.finishTail(frames);
    this.blankLine(frames);
    return frames;
  }

  private completeLine(source: Source, start: number, end: number, frames: SseFrame[]): void {
    if (this.tail.length === 0) {
      this.line(source, start, end, frames);
      return;
    }
    this.hold(source.bytes, start, end);
    this.finishTail(frames);
  }

  private hold(bytes: Buffer, start: number, end: number): void {
    this.checkSize(this.tail.length + end - start);
    this.tail.append(bytes, start, end);
  }

  private finishTail(frames: SseFrame[]): void {
    const source = new Source(this.tail.take());
    this.line(source, 0, source.bytes.length, frames);
  }

  private line(source: Source, lineStart: number, end: number, frames: SseFrame[]): void {
    let start = lineStart;
    if (this.atFirstLine) {
      this.atFirstLine = false;
      if (source.text.startsWith('\u00ef\u00bb\u00bf', start)) start += 3;
    }
    if (start === end) {
      this.blankLine(frames);
      return;
    }
    this.checkSize(end - lineStart);
    this.eventBytes += end - lineStart + 1;
    this.field(source, start, end);
  }

  private field(source: Source, start: number, end: number): void {
    const { text, bytes } = source;
    if (bytes[start] === COLON) {
      this.commentCount++;
      return;
    }
    if (text.startsWith('data', start)) {
      const value = fieldValue(source, start + 4, end);
      if (value !== null) this.data = this.data === null ? value : `${this.data}\n${value}`;
    } else if (text.startsWith('event', start)) {
      const value = fieldValue(source, start + 5, end);
      if (value !== null) this.event = value === '' ? null : value;
    }
  }

  private blankLine(frames: SseFrame[]): void {
    if (this.data !== null) frames.push({ event: this.event, data: this.data });
    this.event = null;
    this.data = null;
    this.eventBytes = 0;
  }

  private checkSize(lineBytes: number): void {
    if (this.eventBytes + lineBytes <= this.maxEventBytes) return;
    this.tail.take();
    throw new UpstreamError({
      class: 'invalid_answer',
      status: null,
      message: `The upstream sent an event of more than ${this.maxEventBytes} bytes.`,
    });
  }
}

/** What follows a field's name; null when the name goes on (`database: x`). */
function fieldValue(source: Source, nameEnd: number, end: number): string | null {
  if (nameEnd === end) return '';
  if (nameEnd > end || source.bytes[nameEnd] !== COLON) return null;
  const start = nameEnd + 1;
  return source.slice(start < end && source.bytes[start] === SPACE ? start + 1 : start, end);
}

/** Offset of the next `character`, the length of the text when there is none. */
function offsetOf(text: string, character: string, from: number): number {
  const offset = text.indexOf(character, from);
  return offset === -1 ? text.length : offset;
}

/** Bytes beside a text with one character per byte, which is far quicker to search. */
class Source {
  readonly text: string;
  private readonly ascii: boolean;

  constructor(readonly bytes: Buffer) {
    this.text = bytes.toString('latin1');
    this.ascii = isAscii(bytes);
  }

  slice(start: number, end: number): string {
    return this.ascii ? this.text.slice(start, end) : this.bytes.toString('utf8', start, end);
  }
}

/** Bytes of an unfinished line. Appending is linear in all, however small the chunks are. */
class ByteTail {
  private buffer = Buffer.alloc(0);
  length = 0;

  constructor(private readonly maxBytes: number) {}

  append(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(length, 2 * this.buffer.length, 1024), this.maxBytes));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    bytes.copy(this.buffer, this.length, start, end);
    this.length = length;
  }

  /** The bytes, valid until the next `append`. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    if (this.buffer.length > KEPT_CAPACITY_BYTES) this.buffer = Buffer.alloc(0);
    this.length = 0;
    return taken;
  }
}
