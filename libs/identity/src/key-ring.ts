import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '@switchyard/contract';
import type { Caller, KeyRecord } from './caller.js';
import { digestOf } from './key-digest.js';
import { looksLikeKey } from './key-secret.js';

/** The two headers a key may come in, as received; `undefined` = absent. */
export interface KeyHeaders {
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
}

/** One secret that opens the ring. */
interface Entry {
  readonly digest: Buffer;
  /** Unix milliseconds; `null` = never. */
  readonly expiresAtMs: number | null;
  readonly caller: Caller;
}

interface Holder {
  readonly caller: Caller;
  readonly expiresAtMs: number | null;
}

/** Longer secrets are refused unread: hashing megabytes of header is work for an attacker to give. */
const SECRET_LENGTH_MAX = 512;

/** One text for a missing, malformed, wrong and expired key: an answer that told them apart would help guessing. */
const REFUSAL = 'Invalid or missing API key. Send it as "Authorization: Bearer <key>" or "x-api-key: <key>".';

/** Seconds after which keys that are in the database are likely to be known. */
const RETRY_AFTER_S = 5;

export interface KeyRingOptions {
  /**
   * False = there are keys in a database that was never read: one that is not in the ring and has the form of such a key
   * may be valid, so its holder is told to come back and not that the key is wrong.
   */
  readonly isComplete: boolean;
}

/** All keys of a deployment, looked up by full digest. */
export class KeyRing {
  private constructor(
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly holders: ReadonlyMap<string, Holder>,
    private readonly pepper: Buffer,
    private readonly now: () => number,
    private readonly isComplete: boolean,
  ) {}

  /** `now` answers Unix milliseconds and decides expiry. Ids are distinct; of two keys with one secret the later one counts. */
  static of(
    keys: readonly KeyRecord[],
    pepper: Buffer,
    now: () => number = Date.now,
    { isComplete }: KeyRingOptions = { isComplete: true },
  ): KeyRing {
    const entries = new Map<string, Entry>();
    const holders = new Map<string, Holder>();
    const inForce = keys.filter(({ revokedAtMs }) => (revokedAtMs ?? null) === null);
    const current = inForce.map((record) => ({ record, caller: callerIn(record) }));
    for (const { record, caller } of current) {
      const { previousDigest, previousExpiresAtMs } = record;
      if (typeof previousDigest !== 'string' || typeof previousExpiresAtMs !== 'number') continue;
      const expiresAtMs = Math.min(previousExpiresAtMs, record.expiresAtMs ?? Infinity);
      entries.set(previousDigest, { digest: Buffer.from(previousDigest, 'hex'), expiresAtMs, caller });
    }
    for (const { record, caller } of current) {
      const { keyId, digest, expiresAtMs } = record;
      entries.set(digest, { digest: Buffer.from(digest, 'hex'), expiresAtMs, caller });
      holders.set(keyId, { caller, expiresAtMs });
    }
    return new KeyRing(entries, holders, pepper, now, isComplete);
  }

  /**
   * The caller whose key the headers carry. Both headers may be sent when they carry the same key.
   * Throws `GatewayError(authentication)`, always with the same text; `GatewayError(temporarily_unavailable)` for a key
   * that nobody can judge yet, see `KeyRingOptions`.
   */
  authenticate(headers: KeyHeaders): Caller {
    const secret = presentedSecret(headers);
    if (secret === null) throw refusal();
    const digest = digestOf(secret, this.pepper);
    const entry = this.entries.get(digest);
    if (entry === undefined || !timingSafeEqual(entry.digest, Buffer.from(digest, 'hex'))) throw this.unknown(secret);
    if (!this.isInForce(entry)) throw refusal();
    return entry.caller;
  }

  /** The holder of the key with this id, while it may be used; `null` once it expired, was revoked or is gone. */
  callerOf(keyId: string): Caller | null {
    const holder = this.holders.get(keyId);
    return holder !== undefined && this.isInForce(holder) ? holder.caller : null;
  }

  /** True while the key with this id may be used. Requests that run for one that may not are to be ended. */
  has(keyId: string): boolean {
    return this.callerOf(keyId) !== null;
  }

  private isInForce({ expiresAtMs }: { readonly expiresAtMs: number | null }): boolean {
    return expiresAtMs === null || expiresAtMs > this.now();
  }

  private unknown(secret: string): GatewayError {
    if (this.isComplete || !looksLikeKey(secret)) return refusal();
    return new GatewayError('temporarily_unavailable', 'API keys cannot be checked at the moment. Please retry.', {
      retryAfterS: RETRY_AFTER_S,
    });
  }
}

/** The caller carries neither the digest nor anything else that is kept with the key: it travels into logs and plans. */
function callerIn(record: KeyRecord): Caller {
  const { keyId, tenantId, label, permissions, keyPolicy, tenantPolicy, compat } = record;
  return Object.freeze({ keyId, tenantId, label, permissions, keyPolicy, tenantPolicy, compat });
}

/** The one secret that the headers carry; `null` = none, two different ones, or none that can be a key. */
export function presentedSecret({ authorization, apiKey }: KeyHeaders): string | null {
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
