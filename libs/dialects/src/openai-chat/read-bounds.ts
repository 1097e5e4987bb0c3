import type { JsonObject } from '@switchyard/contract';
import { SEARCHES_UNSTATED } from '../dialect.js';
import type { BodyBounds } from '../dialect.js';
import { listOf, numberOf } from './fields.js';

/** What a request may use beyond its text: `n` answers are billed as n times the output. */
export function readBounds(body: JsonObject): BodyBounds {
  const choices = numberOf(body['n']) ?? 1;
  const searches = body['web_search_options'] !== undefined && body['web_search_options'] !== null;
  return {
    messages: listOf(body['messages']).length,
    choices: Math.max(1, Math.ceil(choices)),
    webSearchesMax: searches ? SEARCHES_UNSTATED : 0,
  };
}
