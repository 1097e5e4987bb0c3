import type { Piece } from '../piece.js';
import type { Scene } from '../scene.js';

/** What stands behind the colon of `mode:argument`. */
export class FaultArgument {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nth number of `3:500`, or `otherwise` when it is absent or no number. */
  number(place: number, otherwise: number): number {
    const word = this.text.split(':')[place];
    return word === undefined || word === '' || !Number.isFinite(Number(word)) ? otherwise : Number(word);
  }

  /** The count of content pieces before the fault; null when none was named: not even the opening is sent. */
  contentCount(): number | null {
    return this.text === '' ? null : this.number(0, 0);
  }
}

/** Plays a request in a broken way. Ends the exchange or leaves it to the client to go. */
export type Fault = (scene: Scene, argument: FaultArgument) => Promise<void> | void;

export interface CutAnswer {
  readonly sent: readonly Piece[];
  readonly unsent: readonly Piece[];
}

/**
 * Cuts a good answer after `count` content pieces: an event each in a stream, 64 characters each in a JSON body. 0 leaves
 * the opening (a message's start, a role), null nothing at all. At least one content piece is always cut off.
 */
export function cutAfter(pieces: readonly Piece[], count: number | null): CutAnswer {
  if (count === null) return { sent: [], unsent: pieces };
  const contents = pieces.flatMap((piece, index) => (piece.role === 'content' ? [index] : []));
  const at = contents[Math.min(count, contents.length - 1)] ?? pieces.findIndex((piece) => piece.role === 'closing');
  return { sent: pieces.slice(0, at), unsent: pieces.slice(at) };
}
