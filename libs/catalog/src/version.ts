import { createHash } from 'node:crypto';
import type { Endpoint, Model, Provider } from '@switchyard/contract';

/**
 * A content hash of all facts, the same whatever the order of the entries. Secrets stay out of it: of credentials only
 * whether there is one, of headers only their names.
 */
export function versionOf(providers: readonly Provider[], models: readonly Model[]): string {
  const facts = {
    providers: sortedBy(providers.map(providerFacts), (provider) => provider.id),
    models: sortedBy(models.map(modelFacts), (model) => model.id),
  };
  return `cat_${createHash('sha256').update(canonical(facts)).digest('hex').slice(0, 16)}`;
}

function providerFacts(provider: Provider) {
  return {
    ...provider,
    aliases: sorted(provider.aliases),
    credentials: provider.credentials.length > 0,
    headers: sorted(Object.keys(provider.headers)),
    dataPolicy: { ...provider.dataPolicy, regions: sorted(provider.dataPolicy.regions) },
  };
}

function modelFacts(model: Model) {
  return {
    ...model,
    aliases: sorted(model.aliases),
    endpoints: sortedBy(model.endpoints.map(endpointFacts), (endpoint) => endpoint.tag),
  };
}

function endpointFacts(endpoint: Endpoint) {
  return {
    ...endpoint,
    provider: endpoint.provider.id,
    supportedParameters: endpoint.supportedParameters && sorted([...endpoint.supportedParameters]),
    dataPolicy: { ...endpoint.dataPolicy, regions: sorted(endpoint.dataPolicy.regions) },
  };
}

function sorted(names: readonly string[] = []): readonly string[] {
  return [...names].sort();
}

function sortedBy<Item>(items: readonly Item[], key: (item: Item) => string): readonly Item[] {
  return [...items].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}
