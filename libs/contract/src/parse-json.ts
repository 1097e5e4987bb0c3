import type { JsonValue } from './json.js';
import { stringEnd } from './string-end.js';

/**
 * `JSON.parse` without a fault of V8 in Node 24 and 26 (nodejs/node#63785): there a key written with an escape may come out as another
 * key, when an earlier text of the process had that one at the same place. One caller could so change what another's
 * body is read as. Texts with such keys, which are few, are read by hand.
 * Throws `SyntaxError` like `JSON.parse`, whose message quotes the text, and `RangeError` for such a key in a nest of thousands of levels.
 */
export function parseJson(text: string): JsonValue {
  const parsed = JSON.parse(text) as JsonValue;
  return hasEscapedKey(text) ? new ValidJsonReader(text).value() : parsed;
}

/** Looks at the strings with escapes alone: in valid JSON a backslash is always in a string, and a string before a colon is a key. */
function hasEscapedKey(text: string): boolean {
  let escape = text.indexOf('\\');
  while (escape !== -1) {
    const end = stringEnd(text, escape);
    if (text[spaceEnd(text, end)] === ':') return true;
    escape = text.indexOf('\\', end);
  }
  return false;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /[^ \t\n\r,\]}]*/y;

function spaceEnd(text: string, from: number): number {
  return matchEnd(SPACE, text, from);
}

/** Offset past what a sticky pattern, which matches the empty text too, takes at `from`. */
function matchEnd(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  pattern.test(text);
  return pattern.lastIndex;
}

/** Reads a text that is known to be JSON. Strings and numbers go through `JSON.parse`, which reads them rightly. */
class ValidJsonReader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(): JsonValue {
    this.skipSpace();
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      default:
        return this.scalar();
    }
  }

  private object(): JsonValue {
    const members: [string, JsonValue][] = [];
    this.list('}', () => {
      const key = this.string();
      this.skipSpace();
      this.at++;
      members.push([key, this.value()]);
    });
    return Object.fromEntries(members);
  }

  private array(): JsonValue {
    const items: JsonValue[] = [];
    this.list(']', () => {
      items.push(this.value());
    });
    return items;
  }

  private list(closer: string, item: () => void): void {
    do {
      this.at++;
      this.skipSpace();
      if (this.text[this.at] === closer) break;
      item();
      this.skipSpace();
    } while (this.text[this.at] === ',');
    this.at++;
  }

  private string(): string {
    return this.parseTo(stringEnd(this.text, this.at + 1)) as string;
  }

  private scalar(): JsonValue {
    return this.parseTo(matchEnd(SCALAR, this.text, this.at));
  }

  private parseTo(end: number): JsonValue {
    const start = this.at;
    this.at = end;
    return JSON.parse(this.text.slice(start, end)) as JsonValue;
  }

  private skipSpace(): void {
    this.at = spaceEnd(this.text, this.at);
  }
}
