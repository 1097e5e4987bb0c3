import type { JsonValue } from '@switchyard/contract';
import type { ObjectScan } from './scan-object.js';

/**
 * Edits top-level members of a JSON object in its bytes and leaves every other byte as it was: numbers beyond 2^53, key
 * order and white space survive, which parsing and writing again would not keep.
 *
 * An edit with a value replaces the member's value (all occurrences of a duplicate key) or appends the member when there is
 * none; an edit with `undefined` cuts the member (all occurrences) with one of its commas. Without anything to change the
 * given buffer itself is returned.
 */
export function spliceObject(
  bytes: Buffer,
  scan: ObjectScan,
  edits: ReadonlyMap<string, JsonValue | undefined>,
): Buffer {
  const { members, open } = scan;
  const output = new Pieces(bytes);
  const present = new Set<string>();
  output.keep(0, members[0]?.start ?? open);

  let kept = 0;
  let previousEnd = open;
  for (const { key, start, valueStart, valueEnd } of members) {
    const edited = edits.has(key);
    const value = edited ? edits.get(key) : undefined;
    if (edited) present.add(key);
    if (!edited || value !== undefined) {
      if (kept > 0) output.keep(previousEnd, start);
      kept++;
      output.keep(start, value === undefined ? valueEnd : valueStart);
      if (value !== undefined) output.insert(JSON.stringify(value));
    }
    previousEnd = valueEnd;
  }

  for (const [key, value] of edits) {
    if (value === undefined || present.has(key)) continue;
    output.insert(`${kept > 0 ? ',' : ''}${JSON.stringify(key)}:${JSON.stringify(value)}`);
    kept++;
  }
  output.keep(previousEnd, bytes.length);
  return output.join();
}

/** Collects ranges of the old bytes and new texts; adjoining ranges become one copy. */
class Pieces {
  private readonly pieces: Buffer[] = [];
  private from = 0;
  private to = 0;

  constructor(private readonly bytes: Buffer) {}

  keep(from: number, to: number): void {
    if (from !== this.to) {
      this.flush();
      this.from = from;
    }
    this.to = to;
  }

  insert(text: string): void {
    this.flush();
    this.from = this.to;
    this.pieces.push(Buffer.from(text));
  }

  join(): Buffer {
    if (this.pieces.length === 0 && this.from === 0 && this.to === this.bytes.length) return this.bytes;
    this.flush();
    return Buffer.concat(this.pieces);
  }

  private flush(): void {
    if (this.to > this.from) this.pieces.push(this.bytes.subarray(this.from, this.to));
  }
}
