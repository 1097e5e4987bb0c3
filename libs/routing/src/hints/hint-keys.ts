import { BodyHints, ProviderHints } from './hint-fields.js';
import { compileCheck } from './compile-check.js';

export const providerCheck = compileCheck(ProviderHints);
export const bodyCheck = compileCheck(BodyHints);

const FLAT_PREFIX = 'provider_';

/** Flat body key -> property of `ProviderHints`. */
export const FLAT_KEYS: ReadonlyMap<string, string> = new Map(
  providerCheck.properties.map((property) => [FLAT_PREFIX + property, property]),
);

const PRICE_PROPERTY = /^max_(.+)_price$/;

/** Key of the nested `max_price` object -> property of `ProviderHints`. */
export const NESTED_PRICE_KEYS: ReadonlyMap<string, string> = new Map(
  providerCheck.properties.flatMap((property) => {
    const price = PRICE_PROPERTY.exec(property)?.[1];
    return price === undefined ? [] : [[price, property] as const];
  }),
);

/** Keys of OpenRouter's nested `provider` object. */
export const NESTED_KEYS: ReadonlySet<string> = new Set([
  ...providerCheck.properties.filter((property) => property !== 'sort_partition' && !PRICE_PROPERTY.test(property)),
  'max_price',
]);

const BODY_KEYS: ReadonlySet<string> = new Set(bodyCheck.properties);

/** What a `provider_*` typo may have meant. */
export const KNOWN_FLAT_KEYS: readonly string[] = [...FLAT_KEYS.keys(), 'provider_configs'];

/** Top-level fields with which other gateways let a request choose its own upstream. Here they are refused. */
export const REDIRECTING_KEYS: ReadonlySet<string> = new Set([
  'api_base',
  'base_url',
  'api_key',
  'extra_headers',
  'organization',
]);

/** True for a key that is spelt like a hint: a typo in one must not silently switch a privacy filter off. */
export function looksLikeHint(key: string): boolean {
  return /^provider[_-]/i.test(key);
}

/** True for the top-level body keys that are Switchyard's own and must never reach an upstream. */
export function isHintKey(key: string): boolean {
  return BODY_KEYS.has(key) || FLAT_KEYS.has(key);
}
