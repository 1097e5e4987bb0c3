import { isJsonObject } from '@switchyard/contract';
import type { AuthType, JsonObject, JsonValue, ProviderConfig } from '@switchyard/contract';
import { compileCheck } from './compile-check.js';
import { hintFault } from './hint-fault.js';
import { nearestKey } from './nearest-key.js';
import { ProviderConfigFields } from './provider-config-fields.js';

const FIELD = 'provider_configs';
const ENTRIES_MAX = 8;
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/;

const check = compileCheck(ProviderConfigFields);
const FIELDS: ReadonlySet<string> = new Set(check.properties);

/** What means nothing without an account of the caller's own. */
const NEEDS_API_KEY = ['base_url', 'auth_type', 'auth_header_name', 'headers', 'rate_limit_rpm'] as const;

/**
 * Reads the accounts and providers that a caller brought along. Zero values (`null`, `""`, `0`, `{}`) are unset, as
 * clients written in Go send them.
 *
 * @throws GatewayError `invalid_request` naming `provider_configs.<name>.<field>`, never with a value of it.
 */
export function readProviderConfigs(configs: JsonObject): readonly ProviderConfig[] {
  const entries = Object.entries(configs);
  if (entries.length > ENTRIES_MAX) throw hintFault(FIELD, `may hold at most ${ENTRIES_MAX} providers`);
  return entries.map(([name, entry]) => {
    if (!NAME.test(name)) {
      throw hintFault(
        FIELD,
        'may only be keyed by provider names: at most 64 letters, digits, blanks, dots and dashes',
      );
    }
    return readEntry(name, entry);
  });
}

function readEntry(name: string, entry: JsonValue | undefined): ProviderConfig {
  const path = `${FIELD}.${name}`;
  if (!isJsonObject(entry)) throw hintFault(path, 'must be an object');
  const set = new Map<string, JsonValue>();
  for (const [field, value] of Object.entries(entry)) {
    if (!FIELDS.has(field)) {
      const meant = nearestKey(field, check.properties);
      throw hintFault(`${path}.${field}`, `is not a known field, did you mean ${path}.${meant}?`);
    }
    if (value === undefined || isUnset(value)) continue;
    if (!check.accepts(field, value)) throw hintFault(`${path}.${field}`, check.complaint(field, value));
    set.set(field, value);
  }
  if (set.size === 0) throw hintFault(path, 'sets nothing: give it an api_key, or leave it out');
  checkTogether(path, set);
  return configOf(name, set);
}

function isUnset(value: JsonValue): boolean {
  if (value === null || value === '' || value === 0) return true;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

/** What each field is worth depends on others: whoever chooses the host, or the manner, brings the secret. */
function checkTogether(path: string, set: ReadonlyMap<string, JsonValue>): void {
  const apiKey = set.get('api_key') as string | undefined;
  const orphan = apiKey === undefined ? NEEDS_API_KEY.find((field) => set.has(field)) : undefined;
  if (orphan !== undefined) {
    throw hintFault(`${path}.api_key`, `is required with ${orphan}: the operator's credential is not used for it`);
  }
  const authType = set.get('auth_type');
  const named = set.has('auth_header_name');
  if (authType === 'custom' && !named) throw hintFault(`${path}.auth_header_name`, 'is required with auth_type custom');
  if (named && authType !== 'custom' && authType !== 'api_key') {
    throw hintFault(`${path}.auth_header_name`, 'needs auth_type api_key or custom');
  }
  if (repeatsSignIn(set)) throw hintFault(`${path}.headers`, 'may not hold the header that api_key is sent in');
  if (authType === 'basic' && apiKey?.includes(':') === false) {
    throw hintFault(`${path}.api_key`, 'must be user:password with auth_type basic');
  }
}

function repeatsSignIn(set: ReadonlyMap<string, JsonValue>): boolean {
  const signIn = (set.get('auth_header_name') as string | undefined)?.toLowerCase();
  return Object.keys((set.get('headers') ?? {}) as JsonObject).some((name) => name.toLowerCase() === signIn);
}

function configOf(name: string, set: ReadonlyMap<string, JsonValue>): ProviderConfig {
  const headers = Object.entries((set.get('headers') ?? {}) as Readonly<Record<string, string>>);
  const authHeader = set.get('auth_header_name') as string | undefined;
  return {
    name,
    apiKey: (set.get('api_key') ?? null) as string | null,
    baseUrl: (set.get('base_url') ?? null) as string | null,
    authType: (set.get('auth_type') ?? null) as AuthType | null,
    authHeaderName: authHeader?.toLowerCase() ?? null,
    headers: Object.fromEntries(headers.map(([header, value]) => [header.toLowerCase(), value.trim()])),
    timeoutMs: (set.get('timeout_ms') ?? null) as number | null,
    rateLimitRpm: (set.get('rate_limit_rpm') ?? null) as number | null,
  };
}
