import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { builtinCatalogue } from './builtin-catalogue.js';
import { buildCallers } from './callers.js';
import type { Callers } from './callers.js';
import { compatFlags } from './caller-sections.js';
import type { Catalogue } from './catalogue.js';
import { buildCatalogue, simulatedSnapshot } from './catalogue.js';
import type { ConfigFault, ConfigNotice } from './config-error.js';
import { ConfigError } from './config-error.js';
import { ENCRYPTION_KEY, keptSecrets, LOCAL_KEY, PEPPER, randomSecret, throwawaySecrets } from './data-dir-secrets.js';
import type { Permission } from '@switchyard/identity';
import type { Environment } from './environment.js';
import type { GatewayConfig, SecuritySettings } from './gateway-config.js';
import { limitsAnything } from './limits-section.js';
import { policyNotices } from './policy-slugs.js';
import { readSettings } from './read-settings.js';
import { routingSettings, serverSettings, timeoutSettings, alertSettings, journalSettings } from './settings-values.js';
import { goldenRequests, healthSettings, idempotencySettings, overloadSettings } from './resilience-settings.js';
import type { SwitchyardFile } from './switchyard-file.js';
import type { RawFault } from './validate-settings.js';
import { deploymentSecretNotices } from './weak-secrets.js';

export interface LoadInput {
  /** The file to read; `null` = none, Switchyard's own defaults. Ignored when `text` is given. */
  readonly path: string | null;
  /** The content of the file, where it was read before. */
  readonly text?: string;
  readonly environment: Environment;
  /** `kept` (default) writes generated secrets into the data directory; `throwaway` writes nothing, for a mere check. */
  readonly secrets?: 'kept' | 'throwaway';
  /** Processor cores, which `workers: auto` turns into workers. Default: those of the machine. */
  readonly cores?: number;
}

export interface LoadResult {
  readonly config: GatewayConfig;
  readonly notices: readonly ConfigNotice[];
  /** The key made for a first run without a configuration, to be shown to the person who started it; else `null`. */
  readonly localKey: string | null;
}

/** Reads, checks and completes a configuration. Throws `ConfigError` with every fault there is. */
export function loadConfig(input: LoadInput): LoadResult {
  const text = input.text ?? (input.path === null ? '' : readText(input.path));
  const { file, faults, show } = readSettings(text, input.environment);
  const isSound = (...sections: readonly string[]): boolean =>
    !faults.some(({ path }) => sections.some((section) => path.startsWith(section)));

  const generated = generatedSecrets(input, file, faults.length > 0);
  const security = isSound('security', 'compat') ? securitySettings(file, generated) : null;
  const catalogue = isSound('providers', 'models', 'catalog') ? catalogueOf(file, input.environment) : null;
  const callers = security !== null && isSound('tenants', 'keys') ? callersOf(file, security, generated) : null;
  const crossFaults = [
    ...generated.faults,
    ...(catalogue?.faults ?? []),
    ...(callers?.faults ?? []),
    ...workerFaults(file, callers),
  ].map(show);
  if (security === null || catalogue === null || callers === null || faults.length + crossFaults.length > 0) {
    throw new ConfigError(input.path ?? 'the built-in defaults', inFileOrder([...faults, ...crossFaults]));
  }
  const config = completed(input, file, { security, catalogue, callers });
  const notices = [
    ...catalogue.notices,
    ...callers.notices,
    ...policyNotices(config),
    ...keyNotices(config),
    ...deploymentSecretNotices(file),
  ];
  return { config, notices, localKey: generated.localKey };
}

/**
 * The configuration with every provider answered by the simulator at `simulatorUrl` (`http://127.0.0.1:9999`). Only for
 * a configuration that is `simulated`.
 */
export function pointAtSimulator(config: GatewayConfig, simulatorUrl: string): GatewayConfig {
  const realCatalog = config.realCatalog ?? config.catalog;
  return { ...config, realCatalog, catalog: simulatedSnapshot(realCatalog, simulatorUrl.replace(/\/+$/, '')) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message;
    throw new ConfigError(path, [{ path: '', line: null, value: reason, expected: 'a readable file' }]);
  }
}

function catalogueOf(file: SwitchyardFile, environment: Environment): Catalogue {
  const builtin = file.catalog.builtin ? builtinCatalogue() : null;
  return buildCatalogue({ operator: { providers: file.providers, models: file.models }, builtin, environment });
}

/** Whoever starts a gateway without a configuration is its operator. */
const LOCAL_PERMISSIONS: Permission[] = ['inference', 'explain', 'admin'];

function callersOf(file: SwitchyardFile, security: SecuritySettings, { localKey }: GeneratedSecrets): Callers {
  const keys = localKey === null ? file.keys : [{ id: 'local', key: localKey, permissions: LOCAL_PERMISSIONS }];
  const { pepper, defaultPermissions, compat } = security;
  return buildCallers({ tenants: file.tenants, keys, pepper, defaultPermissions, compat });
}

/** Secrets that the file does not give. */
interface GeneratedSecrets {
  readonly pepper: string;
  readonly encryptionKey: string;
  readonly localKey: string | null;
  readonly faults: readonly RawFault[];
}

/** With faults already found nothing will be started, so nothing is written either. */
function generatedSecrets(input: LoadInput, file: SwitchyardFile, isFaulty: boolean): GeneratedSecrets {
  const isThrowaway = isFaulty || input.secrets === 'throwaway';
  const store = isThrowaway ? throwawaySecrets() : keptSecrets(resolve(file.data_dir));
  const isDemo = input.path === null && input.text === undefined;
  const { pepper, encryption_key: encryptionKey } = file.security;
  try {
    return {
      pepper: pepper ?? store.obtain(PEPPER, randomSecret),
      encryptionKey: encryptionKey ?? store.obtain(ENCRYPTION_KEY, randomSecret),
      localKey: isDemo ? store.obtain(LOCAL_KEY, () => `sk-switchyard-local-${randomSecret()}`) : null,
      faults: [],
    };
  } catch (error) {
    const expected = `a directory for generated secrets (${(error as Error).message})`;
    const fault = { path: ['data_dir'], value: file.data_dir, expected, unknownKey: false };
    return { pepper: randomSecret(), encryptionKey: randomSecret(), localKey: null, faults: [fault] };
  }
}

function securitySettings(file: SwitchyardFile, { pepper, encryptionKey }: GeneratedSecrets): SecuritySettings {
  const { security } = file;
  return {
    pepper: Buffer.from(pepper, 'utf8'),
    encryptionKey: Buffer.from(encryptionKey, 'utf8'),
    privateHosts: security.private_hosts,
    defaultPermissions: security.default_permissions,
    compat: compatFlags(file.compat),
    hashUser: security.hash_user,
  };
}

interface CheckedParts {
  readonly security: SecuritySettings;
  readonly catalogue: Catalogue;
  readonly callers: Callers;
}

function completed(input: LoadInput, file: SwitchyardFile, parts: CheckedParts): GatewayConfig {
  const { security, catalogue, callers } = parts;
  const machine = { hasRedis: file.redis !== undefined, cores: input.cores ?? availableParallelism() };
  return {
    source: input.path,
    simulated: isSimulated(file, catalogue),
    server: serverSettings(file.server, machine),
    redis: file.redis === undefined ? null : { url: file.redis.url },
    database: file.database === undefined ? null : { url: file.database.url },
    dataDir: resolve(file.data_dir),
    routing: routingSettings(file.routing),
    timeouts: timeoutSettings(file.timeouts),
    catalog: catalogue.snapshot,
    realCatalog: null,
    tenants: callers.tenants,
    keys: callers.keys,
    limits: { mode: file.limits.mode, strictBudgets: file.limits.strict_budgets },
    health: healthSettings(file.health),
    overload: overloadSettings(file.overload),
    idempotency: idempotencySettings(file.idempotency),
    goldenRequests: goldenRequests(file.golden_requests),
    journal: journalSettings(file.journal),
    alerts: alertSettings(file.alerts),
    retention: { requestsDays: file.retention.requests_days ?? null },
    security,
    log: { level: file.log.level },
  };
}

/**
 * The simulator stands in only when nobody set anything up: a file that lists providers is meant for real traffic, and
 * a secret that failed to arrive there must show as an error, not as invented answers.
 */
function isSimulated(file: SwitchyardFile, { snapshot }: Catalogue): boolean {
  const hasCredential = snapshot.providers.some((provider) => provider.credentials.length > 0);
  return file.catalog.builtin && file.providers.length === 0 && !hasCredential;
}

function workerFaults(file: SwitchyardFile, callers: Callers | null): RawFault[] {
  const { workers } = file.server;
  if (callers === null || typeof workers !== 'number' || workers <= 1 || file.redis) return [];
  const limited = [...callers.tenants.values(), ...callers.keys].some(({ limits }) =>
    limitsAnything(limits, file.limits.mode),
  );
  if (!limited) return [];
  const expected =
    'auto, 0 or 1: limits are configured, and without redis each worker would count for itself; or set redis.url';
  return [{ path: ['server', 'workers'], value: workers, expected, unknownKey: false }];
}

function keyNotices(config: GatewayConfig): ConfigNotice[] {
  return config.keys.length > 0
    ? []
    : [{ path: 'keys', message: 'no key is configured, so every request will be refused' }];
}

function inFileOrder(faults: readonly ConfigFault[]): ConfigFault[] {
  return [...faults].sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || 0);
}
