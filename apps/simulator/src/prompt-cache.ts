import { createHash } from 'node:crypto';
import type { PromptPiece } from './ask.js';
import type { PromptTokens } from './answer.js';
import { tokensInCharacters } from './tokenizer.js';

const MAX_PREFIXES = 20_000;
const AUTOMATIC_BLOCK_CHARACTERS = 256;

/** Remembers prompt prefixes as providers do, so that the second identical prompt is read from the cache. Bounded: the least recently used go. */
export class PromptCache {
  readonly #prefixes = new Set<string>();

  /**
   * Anthropic's way: what lies before a marker is cached, what lies after the last marker is not. The longest remembered
   * prefix that ends at a piece is read, the rest up to the last marker is written.
   */
  countMarked(scope: string, pieces: readonly PromptPiece[]): PromptTokens {
    const prefixes = prefixesOf(scope, pieces);
    const total = tokensInCharacters(prefixes.at(-1)?.characters ?? 0);
    const lastMarker = prefixes.findLastIndex((prefix) => prefix.marker !== undefined);
    const markable = prefixes.slice(0, lastMarker + 1);
    const read = tokensInCharacters(markable.findLast((prefix) => this.#prefixes.has(prefix.digest))?.characters ?? 0);

    let reached = read;
    const written = { '5m': 0, '1h': 0 };
    for (const prefix of markable) {
      const tokens = tokensInCharacters(prefix.characters);
      if (prefix.marker === undefined) continue;
      if (tokens > reached) {
        written[prefix.marker] += tokens - reached;
        reached = tokens;
      }
      this.#remember(prefix.digest);
    }
    return { uncached: total - reached, read, write5m: written['5m'], write1h: written['1h'] };
  }

  /** OpenAI's way: every prefix counts by itself, in whole blocks of 64 tokens, and writing costs nothing. */
  countAutomatic(scope: string, pieces: readonly PromptPiece[]): PromptTokens {
    const text = pieces.map((piece) => piece.identity).join('\n');
    const total = tokensInCharacters(pieces.reduce((sum, piece) => sum + piece.characters, 0));
    const blocks = Math.floor(Math.min(text.length, total * 4) / AUTOMATIC_BLOCK_CHARACTERS);
    let digest = scope;
    let read = 0;
    for (let block = 0; block < blocks; block += 1) {
      const start = block * AUTOMATIC_BLOCK_CHARACTERS;
      digest = digestOf(digest, text.slice(start, start + AUTOMATIC_BLOCK_CHARACTERS));
      if (this.#prefixes.has(digest)) read = (block + 1) * tokensInCharacters(AUTOMATIC_BLOCK_CHARACTERS);
      this.#remember(digest);
    }
    return { uncached: total - read, read, write5m: 0, write1h: 0 };
  }

  clear(): void {
    this.#prefixes.clear();
  }

  #remember(digest: string): void {
    this.#prefixes.delete(digest);
    this.#prefixes.add(digest);
    if (this.#prefixes.size <= MAX_PREFIXES) return;
    const [oldest] = this.#prefixes;
    if (oldest !== undefined) this.#prefixes.delete(oldest);
  }
}

interface Prefix {
  readonly digest: string;
  readonly characters: number;
  readonly marker: '5m' | '1h' | undefined;
}

function prefixesOf(scope: string, pieces: readonly PromptPiece[]): readonly Prefix[] {
  let digest = scope;
  let characters = 0;
  return pieces.map((piece) => {
    digest = digestOf(digest, piece.identity);
    characters += piece.characters;
    return { digest, characters, marker: piece.marker };
  });
}

function digestOf(before: string, text: string): string {
  return createHash('sha256').update(before).update('\0').update(text).digest('base64url');
}
