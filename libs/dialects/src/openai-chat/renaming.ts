import { createHash } from 'node:crypto';

/** OpenAI's longest tool name and tool call id. */
const NAME_MAX = 64;
const ID_MAX = 64;

/**
 * Makes tool names and call ids that a host accepts. The same input gives the same output in every request, so that
 * histories stay consistent and prompt caches warm, and every change is remembered to be undone in the answer.
 */
export class Renaming {
  /** Sent -> original. */
  readonly renamed = new Map<string, string>();

  constructor(
    private readonly toolIds: 'any' | 'alnum9',
    private readonly nameMax: number = NAME_MAX,
  ) {}

  /** Letters, digits, `_` and `-`, of the host's length; a changed name ends in a hash of the original, so no two collide. */
  name(original: string): string {
    if (original.length <= this.nameMax && /^[a-zA-Z0-9_-]+$/.test(original)) return original;
    const hash = digest(original).slice(0, 8);
    const readable = original.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, Math.max(0, this.nameMax - hash.length - 1));
    return this.remember(`${readable}_${hash}`, original);
  }

  /** `alnum9` is Mistral's form: exactly nine letters or digits. */
  id(original: string): string {
    if (this.toolIds === 'alnum9') {
      return /^[a-zA-Z0-9]{9}$/.test(original) ? original : this.remember(digest(original).slice(0, 9), original);
    }
    return original.length <= ID_MAX ? original : this.remember(`call_${digest(original).slice(0, 32)}`, original);
  }

  private remember(sent: string, original: string): string {
    this.renamed.set(sent, original);
    return sent;
  }
}

/** SHA-256 as 64 hexadecimal digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
