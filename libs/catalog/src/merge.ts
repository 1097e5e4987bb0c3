import type { WrittenDataPolicy, WrittenEndpoint, WrittenModel, WrittenProvider } from './written.js';

/** Providers and models as written, and where each entry was written. */
export interface CatalogEntries {
  readonly providers: readonly WrittenProvider[];
  readonly models: readonly WrittenModel[];
  /** Path of a provider, model or endpoint entry in its file (`models[2].endpoints[0]`), for faults. */
  readonly paths?: ReadonlyMap<object, string>;
}

/**
 * The built-in catalogue with the operator's entries over it. A provider of the same id overrides field by field; a
 * model of the same id likewise, its endpoints extending or, by tag, replacing the built-in ones. Names and aliases that
 * the operator gives to something new are taken from the built-in entries: in a policy they mean the operator's.
 */
export function mergeEntries(builtin: CatalogEntries, operator: CatalogEntries): CatalogEntries {
  const paths = new Map<object, string>([...entryPaths(builtin, 'catalog.'), ...entryPaths(operator, '')]);
  const providers = mergeById(builtin.providers, operator.providers, (base, over) => {
    const merged = overProvider(base, over);
    paths.set(merged, paths.get(over) ?? over.id);
    return merged;
  });
  const models = mergeById(builtin.models, operator.models, (base, over) => {
    const merged = overModel(base, over);
    paths.set(merged, paths.get(over) ?? over.id);
    return merged;
  });
  const builtinIds = new Set(builtin.providers.map((entry) => fold(entry.id)));
  const added = operator.providers.filter((entry) => !builtinIds.has(fold(entry.id)));
  const providerNames = namesTaken(added, (entry) => [entry.id, entry.name, ...(entry.aliases ?? [])]);
  const modelNames = namesTaken(operator.models, (entry) => [entry.id, ...(entry.aliases ?? [])]);
  return {
    providers: providers.map((entry) => carryPath(paths, entry, yieldProviderNames(entry, providerNames))),
    models: models.map((entry) => carryPath(paths, entry, yieldAliases(entry, modelNames))),
    paths,
  };
}

/** Paths of every entry by its place in the lists, with a prefix for entries that are not in the operator's file. */
export function entryPaths(entries: CatalogEntries, prefix: string): ReadonlyMap<object, string> {
  const paths = new Map<object, string>();
  const note = (entry: object, path: string): void => {
    paths.set(entry, entries.paths?.get(entry) ?? path);
  };
  entries.providers.forEach((entry, index) => {
    note(entry, `${prefix}providers[${String(index)}]`);
  });
  entries.models.forEach((model, index) => {
    const modelPath = `${prefix}models[${String(index)}]`;
    note(model, modelPath);
    model.endpoints?.forEach((endpoint, place) => {
      note(endpoint, `${paths.get(model) ?? modelPath}.endpoints[${String(place)}]`);
    });
  });
  return paths;
}

/** The tag of an endpoint entry, with its default. */
export function tagOf(endpoint: WrittenEndpoint): string {
  return endpoint.tag ?? endpoint.provider;
}

/** Policy fields of `over` laid over those of `base`. A null overrides too: it says that the field is not known there. */
export function overPolicy(
  base: WrittenDataPolicy | undefined,
  over: WrittenDataPolicy | undefined,
): WrittenDataPolicy {
  const policy: WrittenDataPolicy = { ...base };
  for (const [field, value] of Object.entries(over ?? {})) {
    Object.assign(policy, { [field]: value });
  }
  return policy;
}

function mergeById<Entry extends { readonly id: string }>(
  builtin: readonly Entry[],
  operator: readonly Entry[],
  merge: (base: Entry, over: Entry) => Entry,
): Entry[] {
  const used = new Set<Entry>();
  const merged = builtin.map((base) => {
    const over = operator.find((entry) => !used.has(entry) && fold(entry.id) === fold(base.id));
    if (over === undefined) return base;
    used.add(over);
    return merge(base, over);
  });
  return [...merged, ...operator.filter((entry) => !used.has(entry))];
}

/**
 * Built-in promises about data hold for the built-in address only (or for the one address an account has): an entry that
 * sends traffic elsewhere starts from an unknown policy. The same goes for the profile where the dialect differs.
 */
function overProvider(base: WrittenProvider, over: WrittenProvider): WrittenProvider {
  const sameHost = over.base_url === undefined || over.base_url === (base.base_url ?? over.base_url);
  const sameDialect = over.dialect === undefined || over.dialect === base.dialect;
  const { data_policy: basePolicy, profile, ...rest } = base;
  return {
    ...rest,
    ...(sameDialect && profile !== undefined ? { profile } : {}),
    ...stated(over),
    data_policy: sameHost ? overPolicy(basePolicy, over.data_policy) : overPolicy(undefined, over.data_policy),
  };
}

function overModel(base: WrittenModel, over: WrittenModel): WrittenModel {
  const replaced = new Set((over.endpoints ?? []).map(tagOf));
  return {
    ...base,
    ...stated(over),
    id: base.id,
    aliases: [...new Set([...(base.aliases ?? []), ...(over.aliases ?? [])])],
    traits: { ...base.traits, ...stated(over.traits ?? {}) },
    endpoints: [...(base.endpoints ?? []).filter((entry) => !replaced.has(tagOf(entry))), ...(over.endpoints ?? [])],
  };
}

function yieldProviderNames(entry: WrittenProvider, taken: ReadonlyMap<string, string>): WrittenProvider {
  const free = (name: string): boolean => (taken.get(fold(name)) ?? fold(entry.id)) === fold(entry.id);
  const aliases = (entry.aliases ?? []).filter(free);
  return { ...entry, aliases, name: entry.name !== undefined && free(entry.name) ? entry.name : entry.id };
}

function yieldAliases(entry: WrittenModel, taken: ReadonlyMap<string, string>): WrittenModel {
  const aliases = (entry.aliases ?? []).filter(
    (alias) => (taken.get(fold(alias)) ?? fold(entry.id)) === fold(entry.id),
  );
  return { ...entry, aliases };
}

/** Every name in use, folded, with the folded id of the first entry that uses it. */
function namesTaken<Entry extends { readonly id: string }>(
  entries: readonly Entry[],
  namesOf: (entry: Entry) => readonly (string | undefined)[],
): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  for (const entry of entries) {
    for (const name of namesOf(entry)) {
      if (name !== undefined && !taken.has(fold(name))) taken.set(fold(name), fold(entry.id));
    }
  }
  return taken;
}

function carryPath<Entry extends object>(paths: Map<object, string>, from: Entry, to: Entry): Entry {
  const path = paths.get(from);
  if (path !== undefined) paths.set(to, path);
  return to;
}

/** The members that are neither undefined nor null. */
function stated<Shape extends object>(shape: Shape): Partial<Shape> {
  return Object.fromEntries(
    Object.entries(shape).filter(([, value]) => value !== undefined && value !== null),
  ) as Partial<Shape>;
}

function fold(name: string): string {
  return name.toLowerCase();
}
