import type { JsonObject } from '@switchyard/contract';
import { isHint } from '../hints.js';
import { objectsOf } from '../json-access.js';
import { Refusal } from '../refusal.js';
import type { ReadingRules } from '../voice.js';

/** @throws Refusal for what the Chat Completions API would not serve, in its own words. */
export function checkChatRequest(body: JsonObject, rules: ReadingRules): void {
  const foreign = Object.keys(body).filter((field) => rules.rejectHints && isHint(field));
  if (foreign.length > 0) {
    const noun = foreign.length === 1 ? 'argument' : 'arguments';
    throw new Refusal(400, `Unrecognized request ${noun} supplied: ${foreign.join(', ')}`);
  }
  if (typeof body['model'] !== 'string') throw new Refusal(400, 'you must provide a model parameter');
  if (objectsOf(body['messages']).length === 0) {
    throw new Refusal(400, "Missing required parameter: 'messages'.", {
      param: 'messages',
      code: 'missing_required_parameter',
    });
  }
}
