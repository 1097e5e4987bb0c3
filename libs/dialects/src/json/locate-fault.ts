export interface JsonFault {
  /** In bytes; the length of the text when it ends too early. */
  readonly offset: number;
  readonly expected: string;
}

/**
 * The first byte at which a text stops being JSON, null when it is JSON. Slow and strict: only for the error message after `JSON.parse`
 * refused a text, and without recursion, so that no depth of nesting can exhaust the stack.
 */
export function locateFault(bytes: Buffer): JsonFault | null {
  const reader = new StrictReader(bytes.toString('latin1'));
  return reader.document() ? null : reader.fault;
}

const SPACE = /[ \t\n\r]*/y;
/** Bytes of a string that need no second look: all but quotes, backslashes and control characters. */
const PLAIN = /[ !#-[\]-\u00ff]*/y;
const NUMBER_START = /[-0-9]/;
const HEX = /[0-9a-fA-F]/;
const DIGIT = /[0-9]/;

/** Every method moves `at` past what it names and answers true, or leaves `at` on the first wrong byte and answers false. */
class StrictReader {
  private at = 0;
  private expected = 'a value';

  constructor(private readonly text: string) {}

  get fault(): JsonFault {
    return { offset: this.at, expected: this.expected };
  }

  document(): boolean {
    /** Closers still owed, innermost last. */
    const closers: ('}' | ']')[] = [];
    do {
      if (!this.valueHead(closers)) return false;
      if (!this.valueTail(closers)) return false;
    } while (closers.length > 0);
    return this.at === this.text.length || this.fail('nothing after the value');
  }

  /** Opening brackets and keys down to a scalar or an empty array or object. */
  private valueHead(closers: ('}' | ']')[]): boolean {
    for (;;) {
      this.run(SPACE);
      const character = this.text[this.at];
      if (character !== '{' && character !== '[') return this.scalar(character);
      this.at++;
      this.run(SPACE);
      const closer = character === '{' ? '}' : ']';
      closers.push(closer);
      if (this.text[this.at] === closer) return true;
      if (character === '{' && !this.key()) return false;
    }
  }

  /** Closing brackets up to a comma that announces another value, or the end. */
  private valueTail(closers: ('}' | ']')[]): boolean {
    for (;;) {
      this.run(SPACE);
      const closer = closers.at(-1);
      if (closer === undefined) return true;
      const character = this.text[this.at];
      if (character === closer) {
        this.at++;
        closers.pop();
        continue;
      }
      if (character !== ',') return this.fail(closer === '}' ? 'a comma or }' : 'a comma or ]');
      this.at++;
      this.run(SPACE);
      return closer === ']' || this.key();
    }
  }

  private key(): boolean {
    if (this.text[this.at] !== '"') return this.fail('a key in double quotes');
    if (!this.string()) return false;
    this.run(SPACE);
    return this.literal(':', 'a colon');
  }

  private scalar(first: string | undefined): boolean {
    if (first === '"') return this.string();
    if (first === 't') return this.literal('true', 'true');
    if (first === 'f') return this.literal('false', 'false');
    if (first === 'n') return this.literal('null', 'null');
    if (first !== undefined && NUMBER_START.test(first)) return this.number();
    return this.fail('a value');
  }

  private string(): boolean {
    this.at++;
    for (;;) {
      this.run(PLAIN);
      const character = this.text[this.at];
      if (character === undefined) return this.fail('the end of a string');
      if (character === '"') {
        this.at++;
        return true;
      }
      if (character !== '\\') return this.fail('no control character in a string');
      this.at++;
      if (!this.escape()) return false;
    }
  }

  private escape(): boolean {
    const character = this.text[this.at];
    if (character === undefined || !'"\\/bfnrtu'.includes(character)) return this.fail('an escape');
    this.at++;
    if (character !== 'u') return true;
    for (let digit = 0; digit < 4; digit++) if (!this.one(HEX)) return this.fail('four hexadecimal digits');
    return true;
  }

  private number(): boolean {
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else if (!this.digits()) return false;
    if (this.text[this.at] === '.') {
      this.at++;
      if (!this.digits()) return false;
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++;
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++;
      return this.digits();
    }
    return true;
  }

  private digits(): boolean {
    if (!this.one(DIGIT)) return this.fail('a digit');
    while (this.one(DIGIT));
    return true;
  }

  private one(pattern: RegExp): boolean {
    const character = this.text[this.at];
    if (character === undefined || !pattern.test(character)) return false;
    this.at++;
    return true;
  }

  private literal(word: string, expected: string): boolean {
    for (const character of word) {
      if (this.text[this.at] !== character) return this.fail(expected);
      this.at++;
    }
    return true;
  }

  /** Skips as much as a sticky pattern, which matches the empty text too, takes. */
  private run(pattern: RegExp): void {
    pattern.lastIndex = this.at;
    pattern.test(this.text);
    this.at = pattern.lastIndex;
  }

  private fail(expected: string): false {
    this.expected = expected;
    return false;
  }
}
