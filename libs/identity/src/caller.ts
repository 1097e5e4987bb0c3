import type { PolicyRules } from '@switchyard/contract';

/** What a key may be allowed to do. `inference` and `explain` are every key's default. */
export const PERMISSIONS = ['inference', 'explain', 'byok', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const DEFAULT_PERMISSIONS: readonly Permission[] = ['inference', 'explain'];

/** Departures from a protocol's own shape that a client asks for by configuration. `naga` adds `created` to a Messages answer. */
export const COMPAT_FLAGS = ['naga'] as const;
export type CompatFlag = (typeof COMPAT_FLAGS)[number];

/** The holder of a key, once authenticated. Immutable; one object per key, shared by all its requests. */
export interface Caller {
  readonly keyId: string;
  readonly tenantId: string;
  /** The operator's name for the key; the key's id when none was given. */
  readonly label: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly keyPolicy: PolicyRules | null;
  readonly tenantPolicy: PolicyRules | null;
  readonly compat: ReadonlySet<CompatFlag>;
}

/** A key as it is kept: its digest, never the secret itself. */
export interface KeyRecord extends Caller {
  /** HMAC-SHA-256 of the secret under the deployment's pepper, 64 lower-case hexadecimal digits. See `digestOf`. */
  readonly digest: string;
  /** Unix milliseconds; `null` = never. */
  readonly expiresAtMs: number | null;
  /** Digest of the secret before the last rotation, while that one is still taken; absent or `null` = it is not. */
  readonly previousDigest?: string | null;
  /** Unix milliseconds from which on the previous secret is refused. */
  readonly previousExpiresAtMs?: number | null;
  /** Unix milliseconds; absent or `null` = not revoked. A revoked key is refused whatever else it says. */
  readonly revokedAtMs?: number | null;
}
