import fc from 'fast-check';
import { hintOf, looksLikeKey, newKeyId, newKeySecret } from './key-secret.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';

/** Every byte the generator asks for, taken from one array. */
function bytesFrom(bytes: Uint8Array): (count: number) => Buffer {
  let at = 0;
  return (count) => Buffer.from(bytes.subarray(at, (at += count)));
}

const anyBytes = fc.uint8Array({ minLength: 40, maxLength: 40 });

describe('a new secret', () => {
  it('has a prefix, a name, 256 random bits and a checksum', () => {
    expect(newKeySecret()).toMatch(/^gw_live_[0-9A-Za-z]{8}_[A-Za-z0-9_-]{43}_[0-9A-Za-z]{6}$/);
  });

  it('carries every random bit it was given', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const secret = newKeySecret(bytesFrom(bytes));
        expect(Buffer.from(secret.slice(17, 60), 'base64url')).toEqual(Buffer.from(bytes.subarray(8)));
      }),
    );
  });

  it('is never the same twice', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newKeySecret())).size).toBe(1_000);
  });

  it('looks like a key, whatever the random bytes were', () => {
    fc.assert(fc.property(anyBytes, (bytes) => looksLikeKey(newKeySecret(bytesFrom(bytes)))));
  });

  it('shows only its prefix and its name', () => {
    const secret = newKeySecret();

    expect(hintOf(secret)).toBe(secret.slice(0, 16));
  });
});

describe('a key that was mistyped', () => {
  it('no longer looks like one: any single character matters', () => {
    const secret = newKeySecret();
    fc.assert(
      fc.property(fc.nat(secret.length - 1), fc.constantFrom(...ALPHABET), (at, character) => {
        fc.pre(secret[at] !== character);
        expect(looksLikeKey(secret.slice(0, at) + character + secret.slice(at + 1))).toBe(false);
      }),
    );
  });

  it.each<[string, (secret: string) => string]>([
    ['cut short', (secret) => secret.slice(0, -1)],
    ['with something after it', (secret) => `${secret}0`],
    ['with a line after it', (secret) => `${secret}\n`],
    ['of another kind', () => 'sk-switchyard-local'],
    ['that is empty', () => ''],
  ])('%s does not look like one', (_case, change) => {
    expect(looksLikeKey(change(newKeySecret()))).toBe(false);
  });
});

describe('a new key id', () => {
  it('is short, fit for a URL, and never the same twice', () => {
    const ids = Array.from({ length: 1_000 }, () => newKeyId());

    expect(new Set(ids).size).toBe(1_000);
    expect(ids.every((id) => /^key_[0-9A-Za-z]{10}$/.test(id))).toBe(true);
  });
});
