import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '@switchyard/contract';
import type { Caller, KeyRecord } from './caller.js';
import { digestOf } from './key-digest.js';

/** The two headers a key may come in, as received; `undefined` = absent. */
export interface KeyHeaders {
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
}

interface Entry {
  readonly digest: Buffer;
  readonly expiresAtMs: number | null;
  readonly caller: Caller;
}

/** Longer secrets are refused unread: hashing megabytes of header is work for an attacker to give. */
const SECRET_LENGTH_MAX = 512;

/** One text for a missing, malformed, wrong and expired key: an answer that told them apart would help guessing. */
const REFUSAL = 'Invalid or missing API key. Send it as "Authorization: Bearer <key>" or "x-api-key: <key>".';

/** All keys of a configuration, looked up by full digest. */
export class KeyRing {
  private constructor(
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly pepper: Buffer,
    private readonly now: () => number,
  ) {}

  /** `now` answers Unix milliseconds and decides expiry. */
  static of(keys: readonly KeyRecord[], pepper: Buffer, now: () => number = Date.now): KeyRing {
    const entries = new Map<string, Entry>();
    for (const record of keys) entries.set(record.digest, entryOf(record));
    return new KeyRing(entries, pepper, now);
  }

  /**
   * The caller whose key the headers carry. Both headers may be sent when they carry the same key.
   * Throws `GatewayError(authentication)`, always with the same text.
   */
  authenticate(headers: KeyHeaders): Caller {
    const secret = presentedSecret(headers);
    if (secret === null) throw refusal();
    const digest = digestOf(secret, this.pepper);
    const entry = this.entries.get(digest);
    if (entry === undefined || !timingSafeEqual(entry.digest, Buffer.from(digest, 'hex'))) throw refusal();
    const { expiresAtMs, caller } = entry;
    if (expiresAtMs !== null && expiresAtMs <= this.now()) throw refusal();
    return caller;
  }
}

/** The caller carries neither the digest nor anything else that is kept with the key: it travels into logs and plans. */
function entryOf(record: KeyRecord): Entry {
  const { keyId, tenantId, label, permissions, keyPolicy, tenantPolicy, compat } = record;
  const caller = Object.freeze({ keyId, tenantId, label, permissions, keyPolicy, tenantPolicy, compat });
  return { digest: Buffer.from(record.digest, 'hex'), expiresAtMs: record.expiresAtMs, caller };
}

function presentedSecret({ authorization, apiKey }: KeyHeaders): string | null {
  const bearer = authorization === undefined ? undefined : bearerToken(authorization);
  if (bearer === null) return null;
  if (bearer !== undefined && apiKey !== undefined && bearer !== apiKey.trim()) return null;
  const secret = bearer ?? apiKey?.trim() ?? '';
  return secret.length > 0 && secret.length <= SECRET_LENGTH_MAX ? secret : null;
}

/** RFC 6750: the scheme ignores case. `null` = another scheme or no token. */
function bearerToken(authorization: string): string | null {
  const [scheme = '', token = '', ...rest] = authorization.trim().split(/ +/);
  return scheme.toLowerCase() === 'bearer' && token !== '' && rest.length === 0 ? token : null;
}

function refusal(): GatewayError {
  return new GatewayError('authentication', REFUSAL);
}
