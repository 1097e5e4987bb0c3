import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FrameBuffer, SEGMENT_HEADER } from './frame.js';
import { OWNER_FILE, writeOwner } from './owner.js';
import { segmentName } from './segment-name.js';

/** What is written through the file system, so that a test can stand between. */
export type JournalFiles = Pick<typeof fs, 'openSync' | 'writeSync' | 'ftruncateSync' | 'fdatasync'>;

interface Appended {
  /** So many of the frames, from the first on, are whole in the file. */
  readonly frames: number;
  /** Why the others are not; `null` = all are. */
  readonly error: Error | null;
}

/**
 * The files of one journal, written at the end only. A new segment first repeats the running requests, so that an older
 * one is needed no longer than its finished ones are, however long a request runs.
 */
export class SegmentWriter {
  private number = 0;
  private fd = -1;
  /** End of the last whole frame. */
  private length = 0;
  private fullAt = 0;
  private isAbandoned = false;
  /** No longer in use, with bytes that may not be on the disk yet. */
  private retired: number[] = [];
  /** The directory, held open: it may be renamed by whoever takes it away. */
  private names = -1;
  private areNamesDirty = false;

  constructor(
    private readonly directory: string,
    private readonly segmentBytes: number,
    private readonly files: JournalFiles = fs,
  ) {}

  /** Makes the directory and its first segment. `carried` are payloads. Throws when it exists already. */
  establish(carried: readonly string[]): void {
    this.isAbandoned = true;
    fs.mkdirSync(dirname(this.directory), { recursive: true });
    fs.mkdirSync(this.directory, { mode: 0o700 });
    try {
      writeOwner(this.directory);
      if (this.names !== -1) this.retired.push(this.names);
      this.names = fs.openSync(this.directory, 'r');
      this.number = 0;
      this.begin(carried);
    } catch (error) {
      fs.rmSync(this.directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** The next write should go to a new segment. */
  get isFull(): boolean {
    return this.isAbandoned || this.length >= this.fullAt;
  }

  /** Nothing more goes to the segment in use: its bytes are in doubt. */
  abandon(): void {
    this.isAbandoned = true;
  }

  /**
   * Begins the next segment with the payloads `carried`. It gets its name once it is whole: a reader goes on as soon as it
   * sees a next one. Throws when it cannot be made and the segment in use cannot be used further either.
   */
  rotate(carried: readonly string[]): void {
    try {
      this.begin(carried);
    } catch (error) {
      if (this.isAbandoned) throw error;
    }
  }

  /** Appends with one write. Never throws: what came only in part is cut off again. */
  append(frames: FrameBuffer): Appended {
    const { bytes, ends } = frames;
    let written = 0;
    try {
      while (written < bytes.length) written += this.write(bytes.subarray(written), this.length + written);
      this.length += bytes.length;
      return { frames: ends.length, error: null };
    } catch (error) {
      const whole = ends.findLastIndex((end) => end <= written);
      this.length += ends[whole] ?? 0;
      this.cutTornFrame();
      return { frames: whole + 1, error: error as Error };
    }
  }

  /** Resolves when everything appended before this call would survive the loss of power. */
  async sync(): Promise<void> {
    const { retired } = this;
    this.retired = [];
    try {
      for (const fd of [...retired, this.fd]) await this.syncFile(fd);
      if (this.areNamesDirty) await this.syncNames();
    } finally {
      for (const fd of retired) fs.closeSync(fd);
    }
  }

  /** Shows that the owner lives. False: the journal was taken away, by whoever thought otherwise. */
  heartbeat(): boolean {
    try {
      const now = new Date();
      fs.utimesSync(join(this.directory, OWNER_FILE), now, now);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ENOENT';
    }
  }

  close(): void {
    for (const fd of [...this.retired, this.fd, this.names]) fs.closeSync(fd);
    this.retired = [];
  }

  private begin(carried: readonly string[]): void {
    const path = join(this.directory, segmentName(this.number + 1));
    const temporary = `${path}.tmp`;
    const head = headOf(carried);
    const fd = this.files.openSync(temporary, 'w', 0o600);
    try {
      for (let at = 0; at < head.length;) at += this.files.writeSync(fd, head, at, head.length - at, at);
      fs.renameSync(temporary, path);
    } catch (error) {
      fs.closeSync(fd);
      fs.rmSync(temporary, { force: true });
      throw error;
    }
    if (this.fd !== -1) this.retired.push(this.fd);
    this.fd = fd;
    this.number += 1;
    this.length = head.length;
    this.fullAt = head.length + this.segmentBytes;
    this.isAbandoned = false;
    this.areNamesDirty = true;
  }

  private write(bytes: Buffer, position: number): number {
    const count = this.files.writeSync(this.fd, bytes, 0, bytes.length, position);
    if (count === 0) throw new Error('the file system took none of the bytes');
    return count;
  }

  private cutTornFrame(): void {
    try {
      this.files.ftruncateSync(this.fd, this.length);
    } catch {
      this.abandon();
    }
  }

  private async syncNames(): Promise<void> {
    this.areNamesDirty = false;
    try {
      await promisify(fs.fsync)(this.names);
    } catch (error) {
      this.areNamesDirty = true;
      throw error;
    }
  }

  private syncFile(fd: number): Promise<void> {
    return promisify(this.files.fdatasync)(fd);
  }
}

function headOf(carried: readonly string[]): Buffer {
  const frames = new FrameBuffer();
  for (const payload of carried) frames.append(payload);
  return Buffer.concat([SEGMENT_HEADER, frames.bytes]);
}
