import type { Endpoint } from '@switchyard/contract';

/** The slugs an endpoint answers to, in lower case. */
export interface EndpointNames {
  /** Names this endpoint alone. */
  readonly tag: string;
  /** Base slug and display name: these name all endpoints of the provider. */
  readonly provider: string;
  readonly display: string;
}

const names = new WeakMap<Endpoint, EndpointNames>();

export function namesOf(endpoint: Endpoint): EndpointNames {
  let answer = names.get(endpoint);
  if (answer === undefined) {
    const { tag, provider } = endpoint;
    answer = { tag: tag.toLowerCase(), provider: provider.id.toLowerCase(), display: provider.name.toLowerCase() };
    names.set(endpoint, answer);
  }
  return answer;
}

/** True when a set of slugs names the endpoint or its whole provider. */
export function isNamed(slugs: ReadonlySet<string>, endpoint: Endpoint): boolean {
  const { tag, provider, display } = namesOf(endpoint);
  return slugs.has(tag) || slugs.has(provider) || slugs.has(display);
}

/** True when a set of slugs names this very endpoint and not merely its provider. */
export function isNamedAlone(slugs: ReadonlySet<string>, endpoint: Endpoint): boolean {
  const { tag, provider } = namesOf(endpoint);
  return tag !== provider && slugs.has(tag);
}
