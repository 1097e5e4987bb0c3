import type { JsonObject } from '@switchyard/contract';
import type { StoredIdentity, StoredKey } from '@switchyard/identity';
import type { GatewayConfig, KeySettings, TenantSettings } from './gateway-config.js';
import { LimitsSection, limitRules } from './limits-section.js';
import { PolicySection, policyRules } from './policy-section.js';
import { validateSettings } from './validate-settings.js';

/** All callers in force: those of the configuration and those of the database. */
export interface AllCallers {
  /** By id. */
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly keys: readonly KeySettings[];
  /** Ids of tenants and keys in the database that cannot be served, with what is wrong: their rules do not validate, or their tenant is gone. */
  readonly unusable: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Joins the two. Where an id exists in both, the configuration counts. A key whose rules, or whose tenant's, cannot be
 * read is left out: served without them it could reach what they forbid.
 */
export function allCallers(config: GatewayConfig, stored: StoredIdentity | null): AllCallers {
  if (stored === null) return { tenants: config.tenants, keys: config.keys, unusable: [] };
  const tenants = new Map(config.tenants);
  const unusable: { id: string; reason: string }[] = [];
  for (const { id, policy, limits } of stored.tenants) {
    if (tenants.has(id)) continue;
    const rules = rulesOf(policy, limits);
    if (typeof rules === 'string') unusable.push({ id, reason: rules });
    else tenants.set(id, { id, ...rules });
  }
  const taken = new Set(config.keys.map(({ keyId }) => keyId));
  const keys = [...config.keys];
  for (const key of stored.keys) {
    if (taken.has(key.id)) continue;
    const settings = keySettings(key, tenants.get(key.tenant), config);
    if (typeof settings === 'string') unusable.push({ id: key.id, reason: settings });
    else keys.push(settings);
  }
  return { tenants, keys, unusable };
}

function keySettings(
  key: StoredKey,
  tenant: TenantSettings | undefined,
  { security }: GatewayConfig,
): KeySettings | string {
  if (tenant === undefined) return `its tenant "${key.tenant}" does not exist or cannot be used`;
  const rules = rulesOf(key.policy, key.limits);
  if (typeof rules === 'string') return rules;
  return {
    keyId: key.id,
    tenantId: key.tenant,
    label: key.label,
    digest: key.digest,
    expiresAtMs: key.expiresAtMs,
    previousDigest: key.previousDigest,
    previousExpiresAtMs: key.previousExpiresAtMs,
    revokedAtMs: key.revokedAtMs,
    permissions: new Set(key.permissions),
    keyPolicy: rules.policy,
    tenantPolicy: tenant.policy,
    compat: new Set([...security.compat, ...key.compat]),
    limits: rules.limits,
  };
}

/** A text says what is wrong. */
function rulesOf(
  policy: JsonObject | null,
  limits: JsonObject | null,
): Pick<TenantSettings, 'policy' | 'limits'> | string {
  const policyRead = policy === null ? null : validateSettings(PolicySection, policy);
  const limitsRead = limits === null ? null : validateSettings(LimitsSection, limits);
  const [fault] = [...(policyRead?.faults ?? []), ...(limitsRead?.faults ?? [])];
  if (fault !== undefined) return `${fault.path.join('.')}: expected ${fault.expected}`;
  return {
    policy: policyRead === null ? null : policyRules(policyRead.instance),
    limits: limitsRead === null ? null : limitRules(limitsRead.instance),
  };
}
