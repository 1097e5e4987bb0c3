import { isUtf8 } from 'node:buffer';
import { GatewayError, stringEnd } from '@switchyard/contract';
import { malformedJson } from './malformed-json.js';

/** Bounds of one scan. `maxDepth` counts the top-level object as 1. */
export interface ScanLimits {
  readonly maxDepth: number;
}

/** Where one top-level member lies: byte offsets into the scanned buffer, ends exclusive. */
export interface MemberSpan {
  readonly key: string;
  /** The opening quote of the key. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The layout of a JSON object's bytes. Means nothing for any other buffer than the scanned one. */
export interface ObjectScan {
  /** In the order of the text, duplicates included. */
  readonly members: readonly MemberSpan[];
  /** Offset just past the opening brace. */
  readonly open: number;
  /** Keys that occur more than once at the top level; `JSON.parse` keeps the last value of each. */
  readonly duplicates: readonly string[];
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** What a byte may mean outside a string; everything without an entry belongs to a number or a word. */
const Kind = { Other: 0, Space: 1, Quote: 2, Open: 3, Close: 4, Comma: 5 } as const;

const KINDS = kindTable();

/**
 * Lengths a raw key must have to spell `__proto__`, `prototype` or `constructor`: each letter may be written as `\uXXXX`,
 * which makes it five bytes longer, and no other escape yields a letter. Every other key is cleared by its length alone.
 */
const SUSPECT_LENGTHS = suspectLengths();

/** Below this many members comparing keys pairwise is cheaper than hashing them. */
const PAIRWISE_MEMBERS = 16;

/**
 * One linear pass over the UTF-8 bytes of a JSON object, building no objects: finds the top-level members, bounds the
 * nesting (`JSON.parse` takes a depth of millions and blocks the process for seconds) and refuses keys that reach a prototype when
 * the parsed object is merged later (`__proto__` at any depth, `constructor` whose value has the key `prototype`, as
 * secure-json-parse does), also when written with escapes.
 *
 * Scalars are skipped, not checked: `JSON.parse` of the same bytes must follow. On every text that `JSON.parse` accepts the spans
 * are exact. Throws `GatewayError(invalid_request)` with a byte offset and never a part of the text.
 */
export function scanObject(bytes: Buffer, limits: ScanLimits): ObjectScan {
  if (!isUtf8(bytes)) throw new GatewayError('invalid_request', 'The body is not valid UTF-8.');
  return new ObjectScanner(bytes, limits.maxDepth).scan();
}

class ObjectScanner {
  /** One character per byte, so that offsets agree: searching a string is several times faster than searching a Buffer. */
  private readonly text: string;
  private readonly length: number;
  /** Depths of open objects that are the value of a key `constructor`, innermost last. */
  private readonly constructorDepths: number[] = [];
  /** The last of `constructorDepths`, 0 when there is none: compared at every closing bracket. */
  private constructorDepth = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly maxDepth: number,
  ) {
    this.text = bytes.toString('latin1');
    this.length = bytes.length;
  }

  scan(): ObjectScan {
    const brace = this.skipSpace(0);
    if (this.bytes[brace] !== BRACE_OPEN) throw notAnObject(brace);
    if (this.maxDepth < 1) throw this.tooDeep(brace);
    const open = brace + 1;
    const members: MemberSpan[] = [];

    let at = this.skipSpace(open);
    if (this.bytes[at] !== BRACE_CLOSE) {
      for (;;) {
        const member = this.member(at);
        members.push(member);
        at = this.skipSpace(member.valueEnd);
        if (this.bytes[at] !== COMMA) break;
        at = this.skipSpace(at + 1);
      }
      if (this.bytes[at] !== BRACE_CLOSE) throw malformedJson(this.bytes);
    }

    const rest = this.skipSpace(at + 1);
    if (rest !== this.length) throw malformedJson(this.bytes);
    return { members, open, duplicates: duplicateKeys(members) };
  }

  private member(start: number): MemberSpan {
    if (this.bytes[start] !== QUOTE) throw malformedJson(this.bytes);
    const keyEnd = this.stringEnd(start);
    const colon = this.skipSpace(keyEnd);
    if (this.bytes[colon] !== COLON) throw malformedJson(this.bytes);
    const valueStart = this.skipSpace(colon + 1);
    if (SUSPECT_LENGTHS[keyEnd - start - 2] === 1) this.checkKey(start, keyEnd, 1, valueStart);
    return { key: this.key(start, keyEnd), start, valueStart, valueEnd: this.valueEnd(valueStart) };
  }

  private valueEnd(start: number): number {
    switch (KINDS[this.bytes[start] ?? QUOTE]) {
      case Kind.Quote:
        return this.stringEnd(start);
      case Kind.Open:
        return this.nestedEnd(start);
      case Kind.Other:
        return this.scalarEnd(start);
      default:
        throw malformedJson(this.bytes);
    }
  }

  private scalarEnd(start: number): number {
    let at = start + 1;
    while (at < this.length && KINDS[this.bytes[at] ?? 0] === Kind.Other) at++;
    return at;
  }

  /** Offset past the array or object that opens at `start`. Brackets are counted, not matched: `JSON.parse` matches them. */
  private nestedEnd(start: number): number {
    const { bytes, length, maxDepth } = this;
    let depth = 1;
    let at = start;
    while (at < length) {
      const kind = KINDS[bytes[at] ?? 0];
      if (kind === Kind.Quote) {
        at = this.nestedString(at, depth);
        continue;
      }
      if (kind === Kind.Open) {
        depth++;
        if (depth > maxDepth) throw this.tooDeep(at);
      } else if (kind === Kind.Close) {
        if (depth === this.constructorDepth) this.leaveConstructor();
        depth--;
        if (depth === 1) return at + 1;
      }
      at++;
    }
    throw malformedJson(this.bytes);
  }

  /** Skips a string inside a nested value. In valid JSON a string before a colon is a key, and nothing else is. */
  private nestedString(start: number, depth: number): number {
    const end = this.stringEnd(start);
    if (SUSPECT_LENGTHS[end - start - 2] === 1) {
      const colon = this.skipSpace(end);
      if (this.bytes[colon] === COLON) this.checkKey(start, end, depth, this.skipSpace(colon + 1));
    }
    return end;
  }

  /** `depth` is that of the object the key belongs to. */
  private checkKey(start: number, end: number, depth: number, valueStart: number): void {
    const key = this.key(start, end);
    if (key === '__proto__') throw dangerousKey('__proto__', start);
    if (key === 'prototype' && depth === this.constructorDepth) {
      throw dangerousKey('constructor.prototype', start);
    }
    if (key === 'constructor' && this.bytes[valueStart] === BRACE_OPEN) {
      this.constructorDepth = depth + 1;
      this.constructorDepths.push(this.constructorDepth);
    }
  }

  private leaveConstructor(): void {
    this.constructorDepths.pop();
    this.constructorDepth = this.constructorDepths.at(-1) ?? 0;
  }

  private key(start: number, end: number): string {
    const latin1 = this.text.slice(start + 1, end - 1);
    if (!NEEDS_DECODING.test(latin1)) return latin1;
    try {
      return JSON.parse(this.bytes.toString('utf8', start, end)) as string;
    } catch {
      throw malformedJson(this.bytes);
    }
  }

  /** Offset past the closing quote of the string that opens at `start`. */
  private stringEnd(start: number): number {
    const end = stringEnd(this.text, start + 1);
    if (end === -1) throw malformedJson(this.bytes);
    return end;
  }

  private skipSpace(start: number): number {
    let at = start;
    while (at < this.length && KINDS[this.bytes[at] ?? 0] === Kind.Space) at++;
    return at;
  }

  private tooDeep(offset: number): GatewayError {
    return new GatewayError(
      'invalid_request',
      `The body is JSON nested too deep: more than ${this.maxDepth} levels at byte ${offset}.`,
    );
  }
}

/** Said without looking further: what follows has not been bounded in depth. */
function notAnObject(offset: number): GatewayError {
  return new GatewayError('invalid_request', `The body must be a JSON object: expected { at byte ${offset}.`);
}

/** A backslash starts an escape; a character above ASCII is one byte of several. */
const NEEDS_DECODING = /[\\\u0080-\u00ff]/;

function dangerousKey(name: string, offset: number): GatewayError {
  return new GatewayError('invalid_request', `The JSON key ${name} is not allowed (at byte ${offset}).`);
}

function duplicateKeys(members: readonly MemberSpan[]): readonly string[] {
  const duplicates = new Set<string>();
  if (members.length <= PAIRWISE_MEMBERS) {
    members.forEach(({ key }, index) => {
      for (let earlier = 0; earlier < index; earlier++) if (members[earlier]?.key === key) duplicates.add(key);
    });
  } else {
    const seen = new Set<string>();
    for (const { key } of members) {
      if (seen.has(key)) duplicates.add(key);
      seen.add(key);
    }
  }
  return [...duplicates];
}

function kindTable(): Uint8Array {
  const kinds = new Uint8Array(256);
  for (const character of ' \t\n\r') kinds[character.charCodeAt(0)] = Kind.Space;
  for (const character of '{[') kinds[character.charCodeAt(0)] = Kind.Open;
  for (const character of '}]') kinds[character.charCodeAt(0)] = Kind.Close;
  kinds[QUOTE] = Kind.Quote;
  kinds[COMMA] = Kind.Comma;
  return kinds;
}

function suspectLengths(): Uint8Array {
  const lengths = new Uint8Array(256);
  for (const name of ['__proto__', 'prototype', 'constructor']) {
    for (let escapes = 0; escapes <= name.length; escapes++) lengths[name.length + 5 * escapes] = 1;
  }
  return lengths;
}
