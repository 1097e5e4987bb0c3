import type { CatalogSnapshot } from '@switchyard/contract';
import { normaliseSlug } from '../policy/compiled-policy.js';
import type { MergedPolicy } from '../policy/merged-policy.js';

const tags = new WeakMap<CatalogSnapshot, ReadonlySet<string>>();

/** Slugs in the request's own rules that name neither a provider nor an endpoint. They are no error, but seldom meant. */
export function unknownSlugs({ only, ignore, order }: MergedPolicy, catalog: CatalogSnapshot): readonly string[] {
  const rules = order === null ? [...only, ...ignore] : [...only, ...ignore, order];
  const slugs = rules.filter(({ layer }) => layer === 'request').flatMap(({ value }) => value);
  if (slugs.length === 0) return slugs;
  const isUnknown = (slug: string): boolean =>
    catalog.findProvider(slug) === null && !tagsOf(catalog).has(normaliseSlug(slug));
  return [...new Set(slugs)].filter(isUnknown);
}

function tagsOf(catalog: CatalogSnapshot): ReadonlySet<string> {
  let answer = tags.get(catalog);
  if (answer === undefined) {
    answer = new Set(catalog.models.flatMap((model) => model.endpoints.map(({ tag }) => normaliseSlug(tag))));
    tags.set(catalog, answer);
  }
  return answer;
}
