import type { CatalogSnapshot, Model, Provider } from '@switchyard/contract';
import { buildModel, type ProviderLookup } from './build-model.js';
import { buildProvider, isSpoken } from './build-provider.js';
import { FaultList, type CatalogFault } from './faults.js';
import { deepFreeze } from './freeze.js';
import { entryPaths, type CatalogEntries } from './merge.js';
import { ModelNames, ProviderNames } from './names.js';
import { CONFIG_DIALECTS } from './provider.entry.js';
import { versionOf } from './version.js';
import type { WrittenModel, WrittenProvider } from './written.js';

export interface SnapshotInput extends CatalogEntries {
  /** Replaces the content hash as the snapshot's version. */
  readonly version?: string;
}

export interface SnapshotResult {
  /** Holds whatever is free of faults. */
  readonly snapshot: CatalogSnapshot;
  /** Everything wrong that a look at one entry alone does not show; empty = the catalogue may be used. */
  readonly faults: readonly CatalogFault[];
  /** What was left out although nothing is wrong with it, in sentences for the operator. */
  readonly notices: readonly string[];
}

/**
 * Builds an immutable view of the catalogue from entries that passed their own validation, and checks them against each
 * other: ids, aliases and tags that clash, providers that do not exist, prices out of range.
 */
export function buildSnapshot(input: SnapshotInput): SnapshotResult {
  const faults = new FaultList();
  const paths = entryPaths(input, '');
  const pathOf = (entry: object): string => paths.get(entry) ?? '';
  const lookup = buildProviders(input.providers, pathOf, faults);
  const left = new Map<string, number>();
  const models = buildModels(input.models, pathOf, lookup, faults, left);
  const providers = [...lookup.providers.values()].filter((provider) => provider !== null);
  const version = input.version ?? versionOf(providers, models);
  const snapshot = new Snapshot(version, providers, models);
  return { snapshot: deepFreeze(snapshot), faults: faults.faults, notices: noticesOf(lookup, left) };
}

class Snapshot implements CatalogSnapshot {
  readonly #modelNames: ModelNames;
  readonly #providerNames: ProviderNames;

  constructor(
    readonly version: string,
    readonly providers: readonly Provider[],
    readonly models: readonly Model[],
  ) {
    this.#modelNames = new ModelNames(models);
    this.#providerNames = new ProviderNames(providers);
  }

  resolve(id: string) {
    return this.#modelNames.resolve(id);
  }

  findProvider(slug: string) {
    return this.#providerNames.find(slug);
  }
}

function buildProviders(
  entries: readonly WrittenProvider[],
  pathOf: (entry: object) => string,
  faults: FaultList,
): ProviderLookup {
  const providers = new Map<string, Provider | null>();
  const byId = new Map<string, WrittenProvider>();
  const ids = new NameRegister(faults);
  for (const entry of entries) {
    const path = pathOf(entry);
    if (!ids.claimId(entry.id, `${path}.id`, 'an id that no other provider has')) continue;
    byId.set(entry.id, entry);
    if (entry.dialect === undefined) {
      faults.add(`${path}.dialect`, undefined, `one of ${CONFIG_DIALECTS.join(', ')}`);
    } else if (!isSpoken(entry.dialect) || lacksOwnBaseUrl(entry)) {
      providers.set(entry.id, null);
    } else {
      const provider = buildProvider(entry, entry.dialect, path, faults);
      if (provider !== null) providers.set(entry.id, provider);
    }
  }
  return { providers, entries: byId };
}

function buildModels(
  entries: readonly WrittenModel[],
  pathOf: (entry: object) => string,
  lookup: ProviderLookup,
  faults: FaultList,
  left: Map<string, number>,
): readonly Model[] {
  const names = new NameRegister(faults);
  const models: Model[] = [];
  const kept = entries.filter((entry) =>
    names.claimId(entry.id, `${pathOf(entry)}.id`, 'an id that no other model has'),
  );
  for (const entry of kept) {
    const path = pathOf(entry);
    for (const [index, alias] of (entry.aliases ?? []).entries()) {
      names.claimAlias(alias, entry.id, `${path}.aliases[${String(index)}]`, 'an alias that names no other model');
    }
    const endpointPath = (endpoint: object, index: number): string =>
      pathOf(endpoint) || `${path}.endpoints[${String(index)}]`;
    models.push(buildModel(entry, { path, endpointPath }, lookup, faults, left));
  }
  return models;
}

/** Names in use and whose they are, ignoring case. */
class NameRegister {
  private readonly owners = new Map<string, string>();

  constructor(private readonly faults: FaultList) {}

  /** False, with a fault, when the name is in use. */
  claimId(id: string, path: string, expected: string): boolean {
    return this.claim(id, id, path, expected, this.owners.has(id.toLowerCase()));
  }

  /** False, with a fault, when the name is somebody else's; the owner may repeat it. */
  claimAlias(alias: string, owner: string, path: string, expected: string): boolean {
    const holder = this.owners.get(alias.toLowerCase()) ?? owner;
    return this.claim(alias, owner, path, expected, holder !== owner);
  }

  private claim(name: string, owner: string, path: string, expected: string, taken: boolean): boolean {
    if (taken) this.faults.add(path, name, expected);
    else this.owners.set(name.toLowerCase(), owner);
    return !taken;
  }
}

function lacksOwnBaseUrl(entry: WrittenProvider): boolean {
  return entry.own_base_url === true && entry.base_url === undefined;
}

/** One sentence for each reason to leave providers out, naming them all. */
function noticesOf(lookup: ProviderLookup, left: ReadonlyMap<string, number>): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const [id, provider] of lookup.providers) {
    const entry = lookup.entries.get(id);
    if (provider !== null || entry === undefined) continue;
    const spoken = entry.dialect !== undefined && isSpoken(entry.dialect);
    const reason = spoken
      ? 'Left out until base_url says where the account is'
      : `Left out because Switchyard does not speak ${entry.dialect ?? 'their dialect'} yet`;
    const count = left.get(id) ?? 0;
    reasons.set(reason, [...(reasons.get(reason) ?? []), `${id} (${count} ${count === 1 ? 'endpoint' : 'endpoints'})`]);
  }
  return [...reasons].map(([reason, names]) => `${reason}: ${names.sort().join(', ')}`);
}
