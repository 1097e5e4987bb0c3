import type { CatalogSnapshot, PolicyRules } from '@switchyard/contract';
import { CALLERS_HOST } from '@switchyard/routing';
import type { ConfigNotice } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { nearestWord } from './nearest-word.js';

/**
 * Names in policies that fit no provider and no model. They are legal, because a policy may be written before its
 * provider is, but `ignore: [deepsek]` ignores nothing, and the operator should hear of it.
 */
export function policyNotices(config: Pick<GatewayConfig, 'catalog' | 'routing' | 'tenants' | 'keys'>): ConfigNotice[] {
  const { catalog } = config;
  const slugs = catalog.providers.map((provider) => provider.id);
  const layers: { path: string; rules: PolicyRules | null }[] = [
    { path: 'routing.policy', rules: config.routing.policy },
    ...[...config.tenants.values()].map((tenant) => ({ path: `tenant ${tenant.id}: policy`, rules: tenant.policy })),
    ...config.keys.map((key) => ({ path: `key ${key.keyId}: policy`, rules: key.keyPolicy })),
  ];
  return layers.flatMap(({ path, rules }) => [
    ...(['only', 'ignore', 'order'] as const).flatMap((list) =>
      (rules?.[list] ?? [])
        .filter((slug) => !namesProvider(catalog, slug))
        .map((slug) => ({ path: `${path}.${list}`, message: unknownWords(slug, 'provider', slugs) })),
    ),
    ...(rules?.models ?? [])
      .filter((pattern) => !pattern.includes('*') && catalog.resolve(pattern) === null)
      .map((id) => ({
        path: `${path}.models`,
        message: unknownWords(
          id,
          'model',
          catalog.models.map((model) => model.id),
        ),
      })),
  ]);
}

function namesProvider(catalog: CatalogSnapshot, slug: string): boolean {
  if (slug.toLowerCase() === CALLERS_HOST) return true;
  return catalog.findProvider(slug) !== null || catalog.findProvider(slug.split('/', 1)[0] ?? slug) !== null;
}

function unknownWords(name: string, noun: string, known: readonly string[]): string {
  const nearest = nearestWord(name, known);
  const hint = nearest === null ? '' : `; "${nearest}" is close`;
  return `"${name}" names no ${noun} of the catalogue${hint}`;
}
