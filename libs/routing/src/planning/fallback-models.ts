import type { CatalogSnapshot, Model, Reason } from '@switchyard/contract';
import { supports } from '../filters/capability-filters.js';
import { collectReasons } from '../filters/hard-filters.js';
import type { RequestView } from '../filters/request-view.js';
import type { ModelRequest } from './model-request.js';

const MOST = 3;

/** Models of the same authors that could serve this very request under the same rules, and do what it uses. */
export function fallbackModels(
  view: RequestView,
  requests: readonly ModelRequest[],
  catalog: CatalogSnapshot,
): readonly string[] {
  const requested = new Set(requests.map(({ model }) => model.id));
  const authors = new Set(requests.map(({ model }) => authorOf(model)));
  const found: string[] = [];
  for (const model of catalog.models) {
    if (found.length === MOST) break;
    if (!requested.has(model.id) && authors.has(authorOf(model)) && couldServe(model, view)) found.push(model.id);
  }
  return found;
}

function authorOf({ id }: Model): string {
  return id.slice(0, id.indexOf('/') + 1);
}

function couldServe(model: Model, view: RequestView): boolean {
  const asked: ModelRequest = { index: 0, id: model.id, model, variant: null, sort: null, admits: [] };
  return model.endpoints.some((endpoint) => {
    const reasons: Reason[] = [];
    collectReasons(reasons, endpoint, asked, view);
    const lacks = view.facts.parameters.includes('tools') && supports(endpoint, 'tools', view.facts) === false;
    return reasons.length === 0 && !lacks;
  });
}
