import type { JsonObject } from '@switchyard/contract';
import type { StoredKey, StoredTenant } from '@switchyard/identity';
import type { KeySettings, TenantSettings } from '../config/gateway-config.js';
import { limitsJson } from '../control/key-info.js';
import { policyJson } from './policy-json.js';

/** A key as an administrator sees it. Neither secret nor digest is part of it. */
export function storedKeyJson(key: StoredKey, nowMs: number): JsonObject {
  return {
    id: key.id,
    source: 'database',
    status: statusOf(key.revokedAtMs, key.expiresAtMs, nowMs),
    tenant: key.tenant,
    label: key.label,
    hint: key.hint,
    permissions: key.permissions,
    policy: key.policy,
    limits: key.limits,
    compat: key.compat,
    expires_at: timeOrNull(key.expiresAtMs),
    previous_secret_expires_at: timeOrNull(key.previousExpiresAtMs),
    revoked_at: timeOrNull(key.revokedAtMs),
    created_at: timeOrNull(key.createdAtMs),
    updated_at: timeOrNull(key.updatedAtMs),
  };
}

/** A key of the configuration file. Nothing of its secret may be shown, because it may be a short one. */
export function configKeyJson(key: KeySettings, nowMs: number): JsonObject {
  return {
    id: key.keyId,
    source: 'config',
    status: statusOf(null, key.expiresAtMs, nowMs),
    tenant: key.tenantId,
    label: key.label,
    hint: null,
    permissions: [...key.permissions],
    policy: policyJson(key.keyPolicy),
    limits: limitsJson(key.limits),
    compat: [...key.compat],
    expires_at: timeOrNull(key.expiresAtMs),
    previous_secret_expires_at: null,
    revoked_at: null,
    created_at: null,
    updated_at: null,
  };
}

export function storedTenantJson(tenant: StoredTenant): JsonObject {
  return {
    id: tenant.id,
    source: 'database',
    policy: tenant.policy,
    limits: tenant.limits,
    created_at: timeOrNull(tenant.createdAtMs),
    updated_at: timeOrNull(tenant.updatedAtMs),
  };
}

export function configTenantJson(tenant: TenantSettings): JsonObject {
  return {
    id: tenant.id,
    source: 'config',
    policy: policyJson(tenant.policy),
    limits: limitsJson(tenant.limits),
    created_at: null,
    updated_at: null,
  };
}

function statusOf(revokedAtMs: number | null, expiresAtMs: number | null, nowMs: number): string {
  if (revokedAtMs !== null) return 'revoked';
  return expiresAtMs !== null && expiresAtMs <= nowMs ? 'expired' : 'active';
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
