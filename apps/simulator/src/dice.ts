import { createHash } from 'node:crypto';

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789';

/** Repeatable chance: the same seed and material always throw the same numbers. */
export class Dice {
  readonly #material: string;
  #throws = 0;

  constructor(seed: number, material: string) {
    this.#material = createHash('sha256').update(`${seed}\n`).update(material).digest('hex');
  }

  /** A whole number from 0 to `below - 1`. */
  integer(below: number): number {
    return this.#bytes().readUInt32BE(0) % below;
  }

  /** A number from 0 to just below 1. */
  fraction(): number {
    return this.#bytes().readUInt32BE(0) / 2 ** 32;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.integer(items.length)] ?? items[0];
  }

  /** Letters and digits, as in the identifiers of the vendors. At most 32. */
  letters(count: number): string {
    return Array.from(this.#bytes().subarray(0, count), (byte) => LETTERS[byte % LETTERS.length] ?? 'x').join('');
  }

  #bytes(): Buffer {
    this.#throws += 1;
    return createHash('sha256').update(`${this.#material}:${this.#throws}`).digest();
  }
}
