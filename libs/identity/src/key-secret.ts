import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Random bytes of the asked length. */
export type RandomSource = (bytes: number) => Buffer;

const PREFIX = 'gw_live_';
const NAME_LENGTH = 8;
const SECRET_BYTES = 32;
const CHECKSUM_LENGTH = 6;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `gw_live_<name>_<secret>_<checksum>`: what a scanner for leaked secrets can look for. */
const FORM = /^(gw_live_[0-9A-Za-z]{8}_[A-Za-z0-9_-]{43})_([0-9A-Za-z]{6})$/;

/**
 * A new secret: eight characters by which people tell keys apart, 32 random bytes as base64url, and a checksum over all
 * before it, so that a mistyped key is known without a look into any database.
 */
export function newKeySecret(random: RandomSource = randomBytes): string {
  const name = base62(random(NAME_LENGTH).readBigUInt64BE(), NAME_LENGTH);
  const body = `${PREFIX}${name}_${random(SECRET_BYTES).toString('base64url')}`;
  return `${body}_${checksumOf(body)}`;
}

/** True for a text that `newKeySecret` can have made: its form and its checksum are right. Says nothing of its validity. */
export function looksLikeKey(secret: string): boolean {
  const [, body, checksum] = FORM.exec(secret) ?? [];
  return body !== undefined && checksumOf(body) === checksum;
}

/** The beginning of a secret, which may be shown for ever: `gw_live_` and the eight characters after it. */
export function hintOf(secret: string): string {
  return secret.slice(0, PREFIX.length + NAME_LENGTH);
}

/** An id for a key that was given none. Tells nothing of its secret. */
export function newKeyId(random: RandomSource = randomBytes): string {
  return `key_${base62(random(8).readBigUInt64BE(), 10)}`;
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

/** The last `length` digits of a number in base 62. */
function base62(value: bigint, length: number): string {
  let rest = value;
  let text = '';
  while (text.length < length) {
    text = (ALPHABET[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}
