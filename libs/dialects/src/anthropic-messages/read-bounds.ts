import { isJsonObject } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { SEARCHES_UNSTATED } from '../dialect.js';
import type { BodyBounds } from '../dialect.js';
import { arrayField, numberField, textField } from './json-fields.js';

/** What a request may use beyond its text. An Anthropic request asks for exactly one answer. */
export function readBounds(body: JsonObject): BodyBounds {
  let webSearchesMax = 0;
  for (const tool of arrayField(body, 'tools')) {
    if (!isJsonObject(tool) || !(textField(tool, 'type') ?? '').startsWith('web_search_')) continue;
    webSearchesMax += numberField(tool, 'max_uses') ?? SEARCHES_UNSTATED;
  }
  return { messages: arrayField(body, 'messages').length + 1, choices: 1, webSearchesMax };
}
