import type { JsonObject } from '@switchyard/contract';
import type { CompatFlag, Permission } from './caller.js';

/** A tenant as the database keeps it. Times are Unix milliseconds. */
export interface StoredTenant {
  readonly id: string;
  /** In the form of the configuration file, which this library does not look into. */
  readonly policy: JsonObject | null;
  /** In the form of the configuration file, likewise. */
  readonly limits: JsonObject | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A key as the database keeps it: never with its secret. Times are Unix milliseconds. */
export interface StoredKey {
  readonly id: string;
  readonly tenant: string;
  readonly label: string;
  /** The beginning of the secret, by which people tell keys apart. */
  readonly hint: string;
  /** See `digestOf`. */
  readonly digest: string;
  /** Digest of the secret before the last rotation, taken until `previousExpiresAtMs`; `null` = none. */
  readonly previousDigest: string | null;
  readonly previousExpiresAtMs: number | null;
  readonly permissions: readonly Permission[];
  /** In the form of the configuration file, like `limits`. */
  readonly policy: JsonObject | null;
  readonly limits: JsonObject | null;
  readonly compat: readonly CompatFlag[];
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A credential of a provider as the database keeps it: its secret is sealed. Times are Unix milliseconds. */
export interface StoredCredential {
  /** With the provider, what the secret is sealed for. */
  readonly rowId: string;
  readonly provider: string;
  /** Unique within the provider. */
  readonly id: string;
  /** See `CredentialVault`. */
  readonly sealed: string;
  /** The beginning of the secret's keyed digest, which may be shown. */
  readonly digestPrefix: string;
  /** `null` = 1. */
  readonly weight: number | null;
  /** In the form of the configuration file, which this library does not look into. */
  readonly limits: JsonObject | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What the database says of callers, at one moment. Plain data: it travels between processes. */
export interface StoredIdentity {
  /** Grows with every change of a tenant, key or credential. */
  readonly version: number;
  readonly tenants: readonly StoredTenant[];
  /** Without revoked keys. */
  readonly keys: readonly StoredKey[];
  /** Providers' credentials; absent in what was written before there were any. */
  readonly credentials?: readonly StoredCredential[];
}
