import type { CatalogSnapshot } from '@switchyard/contract';
import { normaliseSlug } from '../policy/compiled-policy.js';
import { namesOf, providerNames } from '../policy/endpoint-names.js';
import type { MergedPolicy } from '../policy/merge-policy.js';

const known = new WeakMap<CatalogSnapshot, ReadonlySet<string>>();

/** Slugs in the request's own rules that name neither a provider nor an endpoint. They are no error, but seldom meant. */
export function unknownSlugs({ only, ignore, order }: MergedPolicy, catalog: CatalogSnapshot): readonly string[] {
  // The request is the last layer, so its rule is the last of each list.
  const rules = [only.at(-1), ignore.at(-1), order];
  const slugs = rules.flatMap((rule) => (rule?.layer === 'request' ? rule.value : []));
  if (slugs.length === 0) return slugs;
  return [...new Set(slugs)].filter((slug) => !knownSlugs(catalog).has(normaliseSlug(slug)));
}

/** Exactly the names that filters and ranking match by, so that a slug without effect is never taken for a known one. */
function knownSlugs(catalog: CatalogSnapshot): ReadonlySet<string> {
  let answer = known.get(catalog);
  if (answer === undefined) {
    const endpoints = catalog.models.flatMap((model) => model.endpoints);
    answer = new Set([
      ...catalog.providers.flatMap(providerNames),
      ...endpoints.flatMap((entry) => namesOf(entry).own),
    ]);
    known.set(catalog, answer);
  }
  return answer;
}
