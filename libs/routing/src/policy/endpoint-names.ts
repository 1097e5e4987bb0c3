import type { Endpoint, Provider } from '@switchyard/contract';

/** The slugs an endpoint answers to, in lower case. */
interface EndpointNames {
  /** Each names this endpoint alone: its tag, also with another name of the provider in front of the slash. */
  readonly own: readonly string[];
  /** Each names all endpoints of the provider: base slug, display name, aliases. */
  readonly provider: readonly string[];
}

const names = new WeakMap<Endpoint, EndpointNames>();

export function namesOf(endpoint: Endpoint): EndpointNames {
  let answer = names.get(endpoint);
  if (answer === undefined) {
    const provider = providerNames(endpoint.provider);
    answer = { own: ownNames(endpoint, provider), provider };
    names.set(endpoint, answer);
  }
  return answer;
}

export function providerNames({ id, name, aliases = [] }: Provider): readonly string[] {
  return [...new Set([id, name, ...aliases].map((slug) => slug.trim().toLowerCase()))];
}

function ownNames(endpoint: Endpoint, provider: readonly string[]): readonly string[] {
  const tag = endpoint.tag.toLowerCase();
  // A tag that is the base slug cannot name its endpoint apart from the provider's others.
  if (provider.includes(tag)) return [];
  const base = endpoint.provider.id.toLowerCase();
  return tag.startsWith(`${base}/`) ? provider.map((name) => name + tag.slice(base.length)) : [tag];
}

/** True when a set of slugs names the endpoint or its whole provider. */
export function isNamed(slugs: ReadonlySet<string>, endpoint: Endpoint): boolean {
  const { own, provider } = namesOf(endpoint);
  return provider.some((name) => slugs.has(name)) || own.some((name) => slugs.has(name));
}

/** True when a set of slugs names this very endpoint and not merely its provider. */
export function isNamedAlone(slugs: ReadonlySet<string>, endpoint: Endpoint): boolean {
  return namesOf(endpoint).own.some((name) => slugs.has(name));
}
