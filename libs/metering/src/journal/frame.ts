import { crc32 } from 'node:zlib';

/** First bytes of every segment: what the file is, and the version of its format. */
export const SEGMENT_HEADER = Buffer.from('switchyard journal 1\n');

/**
 * A frame is a marker, the payload's length and its CRC-32 (both unsigned, little-endian), and the payload: one JSON text in UTF-8.
 * 0xff never occurs in UTF-8, so a marker is never part of a payload, whatever strings a payload holds. Its last byte is the format's version.
 */
const MARKER = Buffer.from([0xff, 0x53, 0x4a, 0x01]);
const MARKER_WORD = MARKER.readUInt32LE();
const LENGTH_AT = MARKER.length;
const CRC_AT = LENGTH_AT + 4;
const FRAME_HEADER_BYTES = CRC_AT + 4;

/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const UTF8_BYTES_MAX = 3;
/** Records are about a kilobyte. */
export const PAYLOAD_LENGTH_MAX = 1024 * 1024;
/** A longer length in a frame is a damaged one. */
const PAYLOAD_BYTES_MAX = PAYLOAD_LENGTH_MAX * UTF8_BYTES_MAX;
const BUFFER_BYTES_MIN = 64 * 1024;
/** A buffer that a burst made larger than this is given back. */
const BUFFER_BYTES_KEPT = 4 * 1024 * 1024;

/** Frames gathered for one write. */
export class FrameBuffer {
  /** Offsets at which frames end, ascending. */
  readonly ends: number[] = [];
  private buffer = Buffer.allocUnsafe(BUFFER_BYTES_MIN);

  /** Total bytes of the frames. */
  get length(): number {
    return this.ends.at(-1) ?? 0;
  }

  /** The frames; valid until the next `append` or `clear`. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Takes at most `PAYLOAD_LENGTH_MAX` characters. */
  append(payload: string): void {
    const start = this.length;
    this.makeRoom(start + FRAME_HEADER_BYTES + payload.length * UTF8_BYTES_MAX);
    const from = start + FRAME_HEADER_BYTES;
    const length = this.buffer.write(payload, from, 'utf8');
    const end = from + length;
    this.buffer.writeUInt32LE(MARKER_WORD, start);
    this.buffer.writeUInt32LE(length, start + LENGTH_AT);
    this.buffer.writeUInt32LE(crc32(this.buffer.subarray(from, end)), start + CRC_AT);
    this.ends.push(end);
  }

  clear(): void {
    this.ends.length = 0;
    if (this.buffer.length > BUFFER_BYTES_KEPT) this.buffer = Buffer.allocUnsafe(BUFFER_BYTES_MIN);
  }

  private makeRoom(length: number): void {
    if (length <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(length, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

/** What stands at an offset: a sound frame, the beginning of one, or neither. */
export type FrameAt =
  | { readonly kind: 'frame'; readonly payload: string; readonly end: number }
  | { readonly kind: 'incomplete' | 'damaged' };

const INCOMPLETE: FrameAt = { kind: 'incomplete' };
const DAMAGED: FrameAt = { kind: 'damaged' };

/** Reads the frame that begins at `offset`. Never throws, whatever the bytes. */
export function frameAt(bytes: Buffer, offset: number): FrameAt {
  const rest = bytes.length - offset;
  const known = Math.min(rest, MARKER.length);
  if (bytes.compare(MARKER, 0, known, offset, offset + known) !== 0) return DAMAGED;
  if (rest < FRAME_HEADER_BYTES) return INCOMPLETE;
  const length = bytes.readUInt32LE(offset + LENGTH_AT);
  if (length > PAYLOAD_BYTES_MAX) return DAMAGED;
  const from = offset + FRAME_HEADER_BYTES;
  const end = from + length;
  if (end > bytes.length) return INCOMPLETE;
  if (crc32(bytes.subarray(from, end)) !== bytes.readUInt32LE(offset + CRC_AT)) return DAMAGED;
  return { kind: 'frame', payload: bytes.toString('utf8', from, end), end };
}

/** Offset of the first sound frame that begins at `from` or later; `null` = none. */
export function nextFrame(bytes: Buffer, from: number): number | null {
  for (let at = bytes.indexOf(MARKER, from); at !== -1; at = bytes.indexOf(MARKER, at + 1)) {
    if (frameAt(bytes, at).kind === 'frame') return at;
  }
  return null;
}
