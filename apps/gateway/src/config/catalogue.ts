import { buildSnapshot, mergeEntries } from '@switchyard/catalog';
import type { CatalogEntries, WrittenModel, WrittenProvider } from '@switchyard/catalog';
import type { CatalogSnapshot, Provider } from '@switchyard/contract';
import type { ConfigNotice } from './config-error.js';
import { parsePath, pathText } from './config-path.js';
import type { Environment } from './environment.js';
import type { RawFault } from './validate-settings.js';

/** What the file says about the catalogue. */
export interface CatalogueInput {
  readonly operator: { readonly providers: readonly WrittenProvider[]; readonly models: readonly WrittenModel[] };
  /** `null` = the shipped catalogue is not used. */
  readonly builtin: CatalogEntries | null;
  readonly environment: Environment;
}

export interface Catalogue {
  readonly snapshot: CatalogSnapshot;
  readonly faults: readonly RawFault[];
  readonly notices: readonly ConfigNotice[];
}

const NOTHING: CatalogEntries = { providers: [], models: [] };

/** The shipped catalogue and the operator's entries as one snapshot, with the credentials that the environment has. */
export function buildCatalogue({ operator, builtin, environment }: CatalogueInput): Catalogue {
  const merged = mergeEntries(builtin ?? NOTHING, operator);
  const paths = new Map(merged.paths);
  const providers = merged.providers.map((entry) => {
    const signedIn = withCredentialFrom(environment, entry);
    const path = paths.get(entry);
    if (path !== undefined) paths.set(signedIn, path);
    return signedIn;
  });
  const { snapshot, faults, notices } = buildSnapshot({ providers, models: merged.models, paths });
  return {
    snapshot,
    faults: faults.map(({ path, value, expected }) => ({ path: parsePath(path), value, expected, unknownKey: false })),
    notices: [
      ...notices.filter(concerns(operator.providers, providers)).map((message) => ({ path: 'providers', message })),
      ...absentCredentials(operator.providers),
    ],
  };
}

/**
 * The snapshot with every provider answered by a simulator at `simulatorUrl` (no trailing slash), under a credential
 * that is none. For a first run without any provider account.
 */
export function simulatedSnapshot(snapshot: CatalogSnapshot, simulatorUrl: string): CatalogSnapshot {
  return snapshotWith(snapshot, `${snapshot.version}-simulated`, (provider) => ({
    ...provider,
    baseUrl: `${simulatorUrl}/${provider.id}${provider.dialect === 'anthropic-messages' ? '' : '/v1'}`,
    credentials: [{ id: 'simulator', apiKey: 'simulated', weight: 1 }],
    headers: {},
  }));
}

/** The snapshot with each provider replaced by what `change` makes of it; the same ids stay. */
export function snapshotWith(
  snapshot: CatalogSnapshot,
  version: string,
  change: (provider: Provider) => Provider,
): CatalogSnapshot {
  const providers = new Map(snapshot.providers.map((provider) => [provider.id, change(provider)]));
  const models = new Map(
    snapshot.models.map((model) => [
      model.id,
      {
        ...model,
        endpoints: model.endpoints.map((endpoint) => ({
          ...endpoint,
          provider: providers.get(endpoint.provider.id) ?? endpoint.provider,
        })),
      },
    ]),
  );
  return {
    version,
    providers: [...providers.values()],
    models: [...models.values()],
    resolve(id) {
      const resolved = snapshot.resolve(id);
      return resolved === null ? null : { ...resolved, model: models.get(resolved.model.id) ?? resolved.model };
    },
    findProvider(slug) {
      const provider = snapshot.findProvider(slug);
      return provider === null ? null : (providers.get(provider.id) ?? provider);
    },
  };
}

function withCredentialFrom(environment: Environment, entry: WrittenProvider): WrittenProvider {
  if (entry.credential_env === undefined || (entry.credentials ?? []).length > 0) return entry;
  const apiKey = environment[entry.credential_env]?.trim() ?? '';
  return apiKey === '' ? entry : { ...entry, credentials: [{ id: 'environment', api_key: apiKey }] };
}

/** What was left out of the shipped catalogue is news only where the operator names the provider or has a key for it. */
function concerns(named: readonly WrittenProvider[], all: readonly WrittenProvider[]): (notice: string) => boolean {
  const ids = [...named, ...all.filter((entry) => (entry.credentials ?? []).length > 0)].map(({ id }) => id);
  return (notice) => notice.split(/[^A-Za-z0-9._-]+/).some((word) => ids.includes(word));
}

function absentCredentials(providers: readonly WrittenProvider[]): ConfigNotice[] {
  return providers.flatMap(({ id, credentials }, index) =>
    (credentials ?? []).flatMap(({ api_key: apiKey }, place) => {
      if ((apiKey ?? '').trim() !== '') return [];
      const path = pathText(['providers', index, 'credentials', place]);
      return [{ path, message: `this credential of ${id} is empty or not set in the environment, so it is left out` }];
    }),
  );
}
