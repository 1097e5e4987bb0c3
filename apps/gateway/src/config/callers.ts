import { digestOf } from '@switchyard/identity';
import type { CompatFlag, Permission } from '@switchyard/identity';
import { compatFlags } from './caller-sections.js';
import type { KeySection, TenantSection } from './caller-sections.js';
import type { ConfigNotice } from './config-error.js';
import type { ConfigPath } from './config-path.js';
import { pathText } from './config-path.js';
import type { KeySettings, TenantSettings } from './gateway-config.js';
import { limitRules } from './limits-section.js';
import { momentOf } from './moment.js';
import { nearestWord } from './nearest-word.js';
import { policyRules } from './policy-section.js';
import type { RawFault } from './validate-settings.js';
import { SECRET_LENGTH_ADVISED, weaknessOf } from './weak-secrets.js';

/** The tenant of keys that name none. Always exists. */
export const DEFAULT_TENANT = 'default';
/** What a key's section says, whoever wrote it. */
export type WrittenKey = { readonly [Setting in keyof KeySection]: KeySection[Setting] };

export interface CallersInput {
  readonly tenants: readonly TenantSection[];
  readonly keys: readonly WrittenKey[];
  readonly pepper: Buffer;
  readonly defaultPermissions: readonly Permission[];
  readonly compat: readonly CompatFlag[];
}

export interface Callers {
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly keys: readonly KeySettings[];
  readonly faults: readonly RawFault[];
  readonly notices: readonly ConfigNotice[];
}

/** Tenants and keys, checked against each other. Of a key's secret only the digest is kept. */
export function buildCallers(input: CallersInput): Callers {
  const faults: RawFault[] = [];
  const notices: ConfigNotice[] = [];
  const tenants = buildTenants(input.tenants, faults);
  const keys: KeySettings[] = [];
  const idOwners = new Set<string>();
  const digests = new Set<string>();
  input.keys.forEach((section, index) => {
    const path: ConfigPath = ['keys', index];
    if (idOwners.has(section.id)) faults.push(fault([...path, 'id'], section.id, 'an id that no other key has'));
    idOwners.add(section.id);
    const tenantId = section.tenant ?? DEFAULT_TENANT;
    const tenant = tenants.get(tenantId);
    if (tenant === undefined)
      faults.push(fault([...path, 'tenant'], section.tenant, tenantWords(tenantId, [...tenants.keys()])));
    const digest = digestOfSection(section, path, input.pepper, faults);
    if (digest === null) return;
    if (digests.has(digest))
      faults.push(
        fault([...path, section.key === undefined ? 'key_hash' : 'key'], '', 'a secret that no other key has'),
      );
    digests.add(digest);
    judgeSecret(section, path, faults, notices);
    keys.push(keySettings(section, digest, tenant ?? null, input));
  });
  return { tenants, keys, faults, notices };
}

/** Whoever guesses a key can spend what it may; whoever guesses an administrator's has everything. */
function judgeSecret(
  { key, permissions }: WrittenKey,
  path: ConfigPath,
  faults: RawFault[],
  notices: ConfigNotice[],
): void {
  const weakness = key === undefined ? null : weaknessOf(key);
  if (key === undefined || weakness === null) return;
  if (key.length < SECRET_LENGTH_ADVISED && permissions?.includes('admin') === true) {
    const expected = `at least ${String(SECRET_LENGTH_ADVISED)} characters for a key with the permission admin`;
    faults.push(fault([...path, 'key'], '', expected));
  } else notices.push({ path: pathText([...path, 'key']), message: weakness });
}

function buildTenants(sections: readonly TenantSection[], faults: RawFault[]): Map<string, TenantSettings> {
  const tenants = new Map<string, TenantSettings>();
  sections.forEach((section, index) => {
    if (tenants.has(section.id))
      faults.push(fault(['tenants', index, 'id'], section.id, 'an id that no other tenant has'));
    tenants.set(section.id, {
      id: section.id,
      policy: section.policy ? policyRules(section.policy) : null,
      limits: section.limits ? limitRules(section.limits) : null,
    });
  });
  if (!tenants.has(DEFAULT_TENANT)) tenants.set(DEFAULT_TENANT, { id: DEFAULT_TENANT, policy: null, limits: null });
  return tenants;
}

function digestOfSection(section: WrittenKey, path: ConfigPath, pepper: Buffer, faults: RawFault[]): string | null {
  const { key, key_hash: hash } = section;
  if (key !== undefined && hash !== undefined) {
    faults.push(fault([...path, 'key_hash'], hash, 'either key or key_hash, not both'));
    return null;
  }
  if (key !== undefined) return digestOf(key, pepper);
  if (hash !== undefined) return hash.toLowerCase();
  faults.push(fault([...path, 'key'], undefined, 'the secret as key, or its hash as key_hash'));
  return null;
}

function keySettings(
  section: WrittenKey,
  digest: string,
  tenant: TenantSettings | null,
  input: CallersInput,
): KeySettings {
  return {
    keyId: section.id,
    tenantId: tenant?.id ?? DEFAULT_TENANT,
    label: section.label ?? section.id,
    digest,
    expiresAtMs: section.expires_at === undefined ? null : momentOf(section.expires_at),
    permissions: new Set(section.permissions ?? input.defaultPermissions),
    keyPolicy: section.policy ? policyRules(section.policy) : null,
    tenantPolicy: tenant?.policy ?? null,
    compat: new Set([...input.compat, ...compatFlags(section.compat)]),
    limits: section.limits ? limitRules(section.limits) : null,
  };
}

function tenantWords(id: string, known: readonly string[]): string {
  const nearest = nearestWord(id, known);
  return nearest === null ? 'the id of a tenant in tenants' : `the id of a tenant in tenants, such as "${nearest}"`;
}

function fault(path: ConfigPath, value: unknown, expected: string): RawFault {
  return { path, value, expected, unknownKey: false };
}
