import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { parseJson } from '@switchyard/contract';
import type { Protocol } from '@switchyard/contract';
import type { Caller } from '@switchyard/identity';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

/** An answer as the client got it. */
export interface KeptAnswer {
  /** Server-sent events; false = one JSON document. */
  readonly streamed: boolean;
  /** Those that belong to the answer itself. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Names the key of a caller in a store. A keyed hash: the header may be somebody's order number. */
export function slotOf({ tenantId, keyId }: Caller, idempotencyKey: string, pepper: Buffer): string {
  return hmac(pepper, 'idempotency slot', tenantId, keyId).update(idempotencyKey).digest('hex');
}

/** Equal for the same bytes of the same protocol, and no help to whoever would guess a prompt. */
export function fingerprintOf(protocol: Protocol, body: Buffer, pepper: Buffer): string {
  return hmac(pepper, 'idempotency fingerprint', protocol).update(body).digest('hex');
}

/**
 * The key that answers to this request are sealed with. It is made of the caller's secret, which is kept nowhere, so that
 * nobody but its holder can read an answer back, whoever has store, configuration and pepper.
 */
export function answerKeyOf(secret: string, idempotencyKey: string, pepper: Buffer): Buffer {
  const material = Buffer.from(`${secret}\0${idempotencyKey}`);
  return Buffer.from(hkdfSync('sha256', material, pepper, 'switchyard idempotency answer', KEY_BYTES));
}

/** Nonce, tag, ciphertext. `slot` must be given again to open it. */
export function sealAnswer(answer: KeptAnswer, key: Buffer, slot: string): Buffer {
  const head = Buffer.from(JSON.stringify({ streamed: answer.streamed, headers: answer.headers }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(slot));
  const sealed = [cipher.update(length), cipher.update(head), cipher.update(answer.body, 'utf8'), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
}

/** `null` = sealed with another key, as after the caller's secret was rotated, or not what was sealed. */
export function openAnswer(sealed: Buffer, key: Buffer, slot: string): KeptAnswer | null {
  const plain = opened(sealed, key, slot);
  if (plain === null) return null;
  const bodyAt = LENGTH_BYTES + plain.readUInt32BE();
  const head = parseJson(plain.toString('utf8', LENGTH_BYTES, bodyAt)) as unknown as Omit<KeptAnswer, 'body'>;
  return { ...head, body: plain.toString('utf8', bodyAt) };
}

function opened(sealed: Buffer, key: Buffer, slot: string): Buffer | null {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  if (tag.length < TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, nonce).setAAD(Buffer.from(slot)).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}

/** Parts end with a NUL, which none of them contains: no two lists of parts are one text. */
function hmac(pepper: Buffer, ...parts: readonly string[]) {
  return createHmac('sha256', pepper).update(parts.map((part) => `${part}\0`).join(''));
}
