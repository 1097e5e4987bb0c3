import { AccountLimitsEntry } from '@switchyard/catalog';
import type { AccountLimits, CatalogSnapshot, Credential } from '@switchyard/contract';
import { CredentialVault } from '@switchyard/identity';
import type { StoredCredential, StoredIdentity } from '@switchyard/identity';
import { snapshotWith } from './catalogue.js';
import type { GatewayConfig } from './gateway-config.js';
import { validateSettings } from './validate-settings.js';

/** A stored credential that no request is sent with, and why. */
export interface UnusableCredential {
  readonly provider: string;
  readonly id: string;
  readonly reason: string;
}

export interface SignedInConfig {
  readonly config: GatewayConfig;
  readonly unusable: readonly UnusableCredential[];
}

interface SignedInCatalog extends Pick<SignedInConfig, 'unusable'> {
  /** What the stored credentials were, as text. */
  readonly stored: string;
  readonly catalog: CatalogSnapshot;
}

/** The last one made of each catalogue: most changes of the database are changes of keys. */
const made = new WeakMap<CatalogSnapshot, SignedInCatalog>();

/**
 * The configuration with the credentials of the database after those of its own. Where an id exists in both, the
 * configuration counts. Where there are any, no simulator answers: not even for one that cannot be opened, for its secret is
 * real, and what fails to arrive must show as an error and not as invented answers.
 */
export function withStoredCredentials(config: GatewayConfig, identity: StoredIdentity | null): SignedInConfig {
  const stored = identity?.credentials ?? [];
  if (stored.length === 0) return { config, unusable: [] };
  const { catalog, unusable } = signedIn(config, stored);
  return { config: { ...config, catalog, simulated: false }, unusable };
}

function signedIn(
  { catalog, realCatalog, security }: GatewayConfig,
  stored: readonly StoredCredential[],
): SignedInCatalog {
  const base = realCatalog ?? catalog;
  const text = JSON.stringify(stored);
  const known = made.get(base);
  if (known?.stored === text) return known;
  const vault = new CredentialVault(security.encryptionKey);
  const unusable: UnusableCredential[] = [];
  const added = new Map<string, Credential[]>();
  for (const row of stored) {
    const credential = credentialOf(row, base, vault);
    if (typeof credential === 'string') unusable.push({ provider: row.provider, id: row.id, reason: credential });
    else added.set(row.provider, [...(added.get(row.provider) ?? []), credential]);
  }
  const snapshot = snapshotWith(base, base.version, (provider) => {
    const own = added.get(provider.id);
    return own === undefined ? provider : { ...provider, credentials: [...provider.credentials, ...own] };
  });
  const result = { stored: text, catalog: snapshot, unusable };
  made.set(base, result);
  return result;
}

/** A text says why there is none. */
function credentialOf(row: StoredCredential, base: CatalogSnapshot, vault: CredentialVault): Credential | string {
  const provider = base.providers.find(({ id }) => id === row.provider);
  if (provider === undefined) return 'the catalogue has no such provider';
  if (provider.credentials.some(({ id }) => id === row.id))
    return 'a credential of the configuration has the same id, and counts';
  const limits = row.limits === null ? null : limitsOf(row.limits);
  if (limits === 'unreadable') return 'its limits cannot be read';
  const apiKey = vault.open(row.sealed, row);
  if (apiKey === null) return 'its secret was stored under another security.encryption_key; store it again';
  return { id: row.id, apiKey, weight: row.weight ?? 1, ...(limits !== null && { limits }) };
}

function limitsOf(written: NonNullable<StoredCredential['limits']>): AccountLimits | 'unreadable' {
  const { instance, faults } = validateSettings(AccountLimitsEntry, written);
  if (faults.length > 0) return 'unreadable';
  return {
    requestsPerMinute: instance.requests_per_minute ?? null,
    inputTokensPerMinute: instance.input_tokens_per_minute ?? null,
    outputTokensPerMinute: instance.output_tokens_per_minute ?? null,
    concurrency: instance.concurrency ?? null,
  };
}
