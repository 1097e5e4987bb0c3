import type { CatalogSnapshot, ResolvedModel, SortKey } from '@switchyard/contract';
import type { ModelRequest } from './model-request.js';

export interface ResolvedRequests {
  readonly requests: readonly ModelRequest[];
  /** Ids that the catalogue does not know. */
  readonly unknown: readonly string[];
  readonly warnings: readonly string[];
}

/** Suffixes that change how a model is routed, and not which of its endpoints serve. OpenRouter, "Model Variants". */
const ROUTING_VARIANTS: Readonly<Record<string, Pick<ModelRequest, 'sort' | 'admits'>>> = {
  nitro: { sort: 'throughput', admits: ['priority'] },
  floor: { sort: 'price', admits: ['flex'] },
  exacto: { sort: 'exacto', admits: [] },
};

/** Suffixes that are taken off: the first asks for what a request parameter says better, the second for web search. */
const ACCEPTED_VARIANTS: ReadonlySet<string> = new Set(['thinking', 'online']);

/** Resolves the ids of a request in their order; a model named twice (by another alias, say) counts where it comes first. */
export function resolveModels(ids: readonly string[], catalog: CatalogSnapshot): ResolvedRequests {
  const requests: ModelRequest[] = [];
  const unknown: string[] = [];
  const warnings: string[] = [];
  for (const id of ids) {
    const resolved = catalog.resolve(id);
    if (resolved === null) {
      unknown.push(id);
      continue;
    }
    if (resolved.variants.includes('online')) {
      warnings.push(`${id}: the variant :online is not supported, the request is sent without web search`);
    }
    const request = requestOf(id, resolved, requests.length);
    const repeated = requests.some(({ model, variant }) => model === request.model && variant === request.variant);
    if (!repeated) requests.push(request);
  }
  return { requests, unknown, warnings };
}

function requestOf(id: string, { model, variants }: ResolvedModel, index: number): ModelRequest {
  let sort: SortKey | null = null;
  let admits: ModelRequest['admits'] = [];
  let variant: string | null = null;
  for (const suffix of variants) {
    const routing = ROUTING_VARIANTS[suffix];
    if (routing !== undefined) ({ sort, admits } = routing);
    else if (!ACCEPTED_VARIANTS.has(suffix) || hasEndpointsOf(model, suffix)) variant = suffix;
  }
  return { index, id, model, variant, sort, admits };
}

function hasEndpointsOf(model: ResolvedModel['model'], variant: string): boolean {
  return model.endpoints.some((endpoint) => endpoint.variant === variant);
}
