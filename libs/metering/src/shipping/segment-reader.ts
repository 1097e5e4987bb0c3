import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { frameAt, nextFrame, SEGMENT_HEADER } from '../journal/frame.js';

export interface SegmentSink {
  readonly payload: (payload: string) => void;
  /** So many bytes were no sound frames. */
  readonly damage: (bytes: number) => void;
  readonly hasRoom: () => boolean;
}

const WINDOW_BYTES = 256 * 1024;
/** A write that is under way is whole much sooner; what looks damaged for longer is. */
const DAMAGED_AFTER_MS = 1_000;

/** Reads one segment from its beginning, as it grows. */
export class SegmentReader {
  private file: FileHandle | null = null;
  private offset = 0;
  private window = WINDOW_BYTES;
  private stuckSinceMs: number | null = null;

  /** `nowMs` is monotonic. */
  constructor(
    private readonly sink: SegmentSink,
    private readonly nowMs: () => number,
  ) {}

  /**
   * Reads on. `isFinal`: nobody writes it any more, so that a torn end stays one. True: read to its end, or as far as it is
   * whole. False: there is no more room. Throws what the file system throws.
   */
  async read(path: string, isFinal: boolean): Promise<boolean> {
    this.file ??= await open(path);
    for (;;) {
      const rest = (await this.file.stat()).size - this.offset;
      if (rest <= 0) return true;
      if (!this.sink.hasRoom()) return false;
      const bytes = await this.bytes(this.file, Math.min(rest, this.window));
      const taken = this.take(bytes);
      if (taken > 0) this.advance(taken);
      else if (bytes.length < rest) this.window *= 2;
      else if (!this.skip(bytes, isFinal)) return true;
    }
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = null;
  }

  private async bytes(file: FileHandle, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, this.offset);
    return buffer.subarray(0, bytesRead);
  }

  /** Hands on the sound frames at the beginning; answers their length. */
  private take(bytes: Buffer): number {
    const head = SEGMENT_HEADER.length;
    let at = this.offset === 0 && bytes.subarray(0, head).equals(SEGMENT_HEADER) ? head : 0;
    for (;;) {
      if (at === bytes.length) return at;
      const frame = frameAt(bytes, at);
      if (frame.kind !== 'frame') return at;
      this.sink.payload(frame.payload);
      at = frame.end;
    }
  }

  private advance(length: number): void {
    this.offset += length;
    this.window = WINDOW_BYTES;
    this.stuckSinceMs = null;
  }

  /**
   * `bytes` are the whole rest, and begin with no sound frame. Goes on at the next one, if there is one beyond doubt. False:
   * there is nothing to go on with.
   */
  private skip(bytes: Buffer, isFinal: boolean): boolean {
    const next = nextFrame(bytes, 1);
    if (next === null && isFinal) {
      this.leaveRest(bytes);
      return false;
    }
    if (next === null || !(isFinal || this.isStuck())) return false;
    this.sink.damage(next);
    this.advance(next);
    return true;
  }

  /** The last write of a process that was killed may be torn. That is no damage. */
  private leaveRest(bytes: Buffer): void {
    if (frameAt(bytes, 0).kind === 'damaged') this.sink.damage(bytes.length);
    this.advance(bytes.length);
  }

  private isStuck(): boolean {
    const nowMs = this.nowMs();
    this.stuckSinceMs ??= nowMs;
    return nowMs - this.stuckSinceMs >= DAMAGED_AFTER_MS;
  }
}
