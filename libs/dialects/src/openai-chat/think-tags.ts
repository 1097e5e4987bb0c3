/** A piece of a model's text, told apart by `<think>` tags. */
export interface TextPiece {
  readonly kind: 'text' | 'thinking';
  readonly text: string;
}

const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * Tells `<think>...</think>` from text in a stream cut anywhere, for hosts that leave reasoning inside the content
 * (MiniMax, vLLM and Ollama without a reasoning parser). Linear; holds back at most one unfinished tag.
 *
 * `leading`: only a tag at the very start of the answer counts, so an answer that talks about the tag stays text.
 * `anywhere`: every tag counts.
 */
export class ThinkTagSplitter {
  private state: 'start' | 'text' | 'before-thinking' | 'thinking' | 'after-thinking' = 'start';
  private held = '';

  constructor(private readonly mode: 'leading' | 'anywhere') {}

  push(fragment: string): readonly TextPiece[] {
    // The common case: plain text, no tag begun.
    if (this.held === '' && this.state === 'text' && (this.mode === 'leading' || !fragment.includes('<'))) {
      return [{ kind: 'text', text: fragment }];
    }
    const pieces: TextPiece[] = [];
    this.held += fragment;
    while (this.step(pieces));
    return pieces;
  }

  /** What was held back, once nothing follows: an unfinished tag is text. */
  end(): readonly TextPiece[] {
    const { held } = this;
    this.held = '';
    const blank = this.state === 'before-thinking' || this.state === 'after-thinking';
    if (held === '' || blank) return [];
    return [{ kind: this.state === 'thinking' ? 'thinking' : 'text', text: held }];
  }

  /** Consumes some of what is held; false when more input is needed. */
  private step(pieces: TextPiece[]): boolean {
    switch (this.state) {
      case 'start':
        return this.expectOpening();
      case 'thinking':
        return this.readUntil(CLOSE, 'thinking', 'after-thinking', pieces);
      case 'before-thinking':
        return this.skipBlank('thinking');
      case 'after-thinking':
        return this.skipBlank('text');
      case 'text':
        if (this.mode === 'anywhere') return this.readUntil(OPEN, 'text', 'before-thinking', pieces);
        emit(pieces, 'text', this.held);
        this.held = '';
        return false;
    }
  }

  private expectOpening(): boolean {
    const begun = this.held.trimStart();
    if (begun.startsWith(OPEN)) {
      this.held = begun.slice(OPEN.length);
      this.state = 'before-thinking';
      return true;
    }
    if (OPEN.startsWith(begun)) return false;
    this.state = 'text';
    return true;
  }

  /** Hosts put blank lines around the reasoning, which belong to nothing. */
  private skipBlank(next: 'thinking' | 'text'): boolean {
    const rest = this.held.trimStart();
    if (rest === '') return false;
    this.held = rest;
    this.state = next;
    return true;
  }

  private readUntil(
    tag: string,
    kind: TextPiece['kind'],
    next: 'before-thinking' | 'after-thinking',
    pieces: TextPiece[],
  ): boolean {
    const at = this.held.indexOf(tag);
    if (at >= 0) {
      emit(pieces, kind, this.held.slice(0, at));
      this.held = this.held.slice(at + tag.length);
      this.state = next;
      return true;
    }
    const kept = this.held.length - unfinished(this.held, tag);
    emit(pieces, kind, this.held.slice(0, kept));
    this.held = this.held.slice(kept);
    return false;
  }
}

/** Length of the longest end of `text` that may be the start of `tag`. */
function unfinished(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
}

function emit(pieces: TextPiece[], kind: TextPiece['kind'], text: string): void {
  if (text !== '') pieces.push({ kind, text });
}
