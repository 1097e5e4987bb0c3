import type { JsonObject } from '@switchyard/contract';

const MODELS = ['simulated-small', 'simulated-large', 'mock/ok'];
const CREATED_S = 1_760_000_000;

/** A few model names in the shape of either vendor. Any other name is served too. */
export function modelList(shape: 'anthropic' | 'openai'): JsonObject {
  if (shape === 'openai') {
    const data = MODELS.map((id) => ({ id, object: 'model', created: CREATED_S, owned_by: 'simulator' }));
    return { object: 'list', data };
  }
  const createdAt = new Date(CREATED_S * 1000).toISOString();
  const data = MODELS.map((id) => ({ type: 'model', id, display_name: id, created_at: createdAt }));
  return { data, has_more: false, first_id: MODELS.at(0) ?? null, last_id: MODELS.at(-1) ?? null };
}
