/**
 * Tells, fragment by fragment, whether a JSON text is complete: a closed object, array or string at the top. Linear over
 * the whole text, where parsing after each fragment would be quadratic. It does not judge validity.
 */
export class JsonCompletion {
  private depth = 0;
  private inString = false;
  private escaped = false;
  private seen = false;
  private closed = false;

  get complete(): boolean {
    return this.closed;
  }

  /** True when nothing but white space has arrived. */
  get empty(): boolean {
    return !this.seen;
  }

  push(fragment: string): void {
    for (let index = 0; index < fragment.length; index++) {
      const code = fragment.charCodeAt(index);
      if (this.inString) this.stringCharacter(code);
      else this.structureCharacter(code);
    }
  }

  private stringCharacter(code: number): void {
    if (this.escaped) this.escaped = false;
    else if (code === BACKSLASH) this.escaped = true;
    else if (code === QUOTE) {
      this.inString = false;
      this.closed = this.depth === 0;
    }
  }

  private structureCharacter(code: number): void {
    if (code <= SPACE) return;
    this.seen = true;
    if (code === QUOTE) this.inString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) this.depth--;
    else return;
    this.closed = !this.inString && this.depth <= 0;
  }
}

const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
