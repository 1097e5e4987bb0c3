import type { JsonObject, JsonValue } from '@switchyard/contract';
import { objectsOf } from '../json-access.js';

/** Content as blocks, whichever way it was written. */
export function blocksOf(content: JsonValue | undefined): readonly JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content);
}
