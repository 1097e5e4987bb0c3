/**
 * A stretch of a body that is written at once. `structure` stands around content (a message's
 * start, a role, a block's start and end), `content`
 * is text, thinking or arguments, `closing` is all that follows the last content (stop reason, usage, terminator).
 */
export interface Piece {
  readonly bytes: string;
  readonly role: 'structure' | 'content' | 'closing';
  /** What the pace counts; fractions allowed. */
  readonly tokens: number;
}

export function structure(bytes: string): Piece {
  return { bytes, role: 'structure', tokens: 0 };
}

export function content(bytes: string, tokens = 0): Piece {
  return { bytes, role: 'content', tokens };
}

export function closing(bytes: string): Piece {
  return { bytes, role: 'closing', tokens: 0 };
}
