import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Schema } from '@switchyard/database';
import { COMPAT_FLAGS, PERMISSIONS } from './caller.js';
import type { StoredCredential, StoredKey, StoredTenant } from './stored-identity.js';

export type KeyRow = Schema['api_keys'];
export type TenantRow = Schema['tenants'];
export type CredentialRow = Schema['provider_credentials'];

export function keyOf(row: KeyRow): StoredKey {
  return {
    id: row.id,
    tenant: row.tenant,
    label: row.label,
    hint: row.hint,
    digest: row.digest,
    previousDigest: row.previous_digest,
    previousExpiresAtMs: row.previous_expires_at,
    permissions: knownWords(row.permissions, PERMISSIONS),
    policy: objectOf(row.policy),
    limits: objectOf(row.limits),
    compat: knownWords(row.compat, COMPAT_FLAGS),
    expiresAtMs: row.expires_at,
    revokedAtMs: row.revoked_at,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

export function rowOf(key: StoredKey): KeyRow {
  return {
    id: key.id,
    tenant: key.tenant,
    label: key.label,
    hint: key.hint,
    digest: key.digest,
    previous_digest: key.previousDigest,
    previous_expires_at: key.previousExpiresAtMs,
    permissions: JSON.stringify(key.permissions),
    policy: textOf(key.policy),
    limits: textOf(key.limits),
    compat: JSON.stringify(key.compat),
    expires_at: key.expiresAtMs,
    revoked_at: key.revokedAtMs,
    created_at: key.createdAtMs,
    updated_at: key.updatedAtMs,
  };
}

export function tenantOf(row: TenantRow): StoredTenant {
  return {
    id: row.id,
    policy: objectOf(row.policy),
    limits: objectOf(row.limits),
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

export function tenantRowOf(tenant: StoredTenant): TenantRow {
  return {
    id: tenant.id,
    policy: textOf(tenant.policy),
    limits: textOf(tenant.limits),
    created_at: tenant.createdAtMs,
    updated_at: tenant.updatedAtMs,
  };
}

export function credentialOf(row: CredentialRow): StoredCredential {
  const settings = objectOf(row.settings) ?? UNREADABLE;
  const { weight, limits } = settings;
  return {
    rowId: row.row_id,
    provider: row.provider,
    id: row.id,
    sealed: row.sealed,
    digestPrefix: row.digest_prefix,
    weight: typeof weight === 'number' ? weight : null,
    limits: settings === UNREADABLE ? UNREADABLE : isJsonObject(limits) ? limits : null,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

export function credentialRowOf(credential: StoredCredential): CredentialRow {
  return {
    row_id: credential.rowId,
    provider: credential.provider,
    id: credential.id,
    sealed: credential.sealed,
    digest_prefix: credential.digestPrefix,
    settings: JSON.stringify({ weight: credential.weight, limits: credential.limits }),
    created_at: credential.createdAtMs,
    updated_at: credential.updatedAtMs,
  };
}

function textOf(value: JsonObject | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Stands for rules that nobody can read. No policy has such a setting, so whoever checks it refuses the key. */
const UNREADABLE: JsonObject = { unreadable: true };

function objectOf(text: string | null): JsonObject | null {
  if (text === null) return null;
  const value = jsonOf(text);
  return isJsonObject(value) ? value : UNREADABLE;
}

/** A word that a newer version knows allows nothing here. */
function knownWords<T extends string>(text: string, known: readonly T[]): readonly T[] {
  const words = jsonOf(text);
  return Array.isArray(words) ? known.filter((word) => words.includes(word)) : [];
}

function jsonOf(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}
