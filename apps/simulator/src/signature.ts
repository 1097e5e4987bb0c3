import { createHash, createHmac } from 'node:crypto';

const DIGEST_LENGTH = 22;

/**
 * Signs thinking as a provider does: whoever replays a block must replay it unchanged. A signature carries the digest of
 * its text, so that it stays verifiable when the text was withheld.
 */
export class Signer {
  readonly #secret: string;

  constructor(seed: number) {
    this.#secret = `simulator ${seed}`;
  }

  sign(text: string): string {
    const digest = createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_LENGTH);
    return `Sim${digest}${this.#seal(digest)}`;
  }

  /** True for a signature of this signer over `text`; an empty text (withheld thinking) fits any of its signatures. */
  verify(text: string, signature: string): boolean {
    const digest = signature.slice(3, 3 + DIGEST_LENGTH);
    const genuine = signature === `Sim${digest}${this.#seal(digest)}`;
    return genuine && (text === '' || this.sign(text) === signature);
  }

  #seal(digest: string): string {
    return createHmac('sha256', this.#secret).update(digest).digest('base64url');
  }
}
