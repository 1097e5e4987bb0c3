import type { JsonObject } from '@switchyard/contract';
import type { PermittedModel } from './model-access.js';

/** Which part of a list an Anthropic client asked for. */
export interface ListWindow {
  readonly limit: number;
  readonly afterId: string | null;
  readonly beforeId: string | null;
}

/** A model in the shape of Anthropic's Models API. The release date is the epoch where it is not known, as the API allows. */
export function anthropicModel({ model, endpoints }: PermittedModel): JsonObject {
  return {
    type: 'model',
    id: model.id,
    display_name: model.name,
    created_at: new Date(model.createdS * 1000).toISOString().replace('.000Z', 'Z'),
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
    max_input_tokens: largest([model.contextLength, ...endpoints.map((endpoint) => endpoint.contextLength)]),
    max_tokens: largest([model.maxOutputTokens, ...endpoints.map((endpoint) => endpoint.maxOutputTokens)]),
  };
}

/** One page of a list, with Anthropic's cursors. An id that is not in the list leaves nothing to show. */
export function anthropicPage(models: readonly PermittedModel[], window: ListWindow): JsonObject {
  const { page, hasMore } = pageOf(models, window);
  return {
    data: page.map(anthropicModel),
    has_more: hasMore,
    first_id: page.at(0)?.model.id ?? null,
    last_id: page.at(-1)?.model.id ?? null,
  };
}

function pageOf(
  models: readonly PermittedModel[],
  { limit, afterId, beforeId }: ListWindow,
): { readonly page: readonly PermittedModel[]; readonly hasMore: boolean } {
  const placeOf = (id: string): number => models.findIndex(({ model }) => model.id === id);
  if (beforeId !== null) {
    const end = Math.max(0, placeOf(beforeId));
    const start = Math.max(0, end - limit);
    return { page: models.slice(start, end), hasMore: start > 0 };
  }
  const place = afterId === null ? -1 : placeOf(afterId);
  const start = afterId !== null && place === -1 ? models.length : place + 1;
  return { page: models.slice(start, start + limit), hasMore: start + limit < models.length };
}

function largest(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null);
  return known.length === 0 ? null : Math.max(...known);
}
