import type { JsonObject } from '@switchyard/contract';
import type { Citation } from '@switchyard/conversation';
import { optional, textField } from './json-fields.js';

const KINDS = new Map<string, Citation['kind']>([
  ['char_location', 'char'],
  ['page_location', 'page'],
  ['content_block_location', 'block'],
  ['search_result_location', 'search-result'],
  ['web_search_result_location', 'web'],
]);

/** Reads a citation of any location type; its own object goes along for a round trip. */
export function readCitation(value: JsonObject): Citation {
  const title = textField(value, 'title') ?? textField(value, 'document_title');
  const url = textField(value, 'url') ?? textField(value, 'source');
  return {
    kind: KINDS.get(textField(value, 'type') ?? '') ?? 'unknown',
    ...optional('url', url),
    ...optional('title', title),
    ...optional('citedText', textField(value, 'cited_text')),
    raw: { dialect: 'anthropic-messages', value },
  };
}

/** Anthropic's own citations come back as they were, a foreign one that points at a URL becomes a web search location; others have no form here. */
export function writeCitation(citation: Citation): JsonObject | undefined {
  if (citation.raw?.dialect === 'anthropic-messages') return citation.raw.value;
  if (citation.url === undefined) return undefined;
  return {
    type: 'web_search_result_location',
    url: citation.url,
    title: citation.title ?? null,
    cited_text: citation.citedText ?? '',
    encrypted_index: '',
  };
}

/** True for a citation that `writeCitation` made up for a foreign one: Anthropic would refuse it in a later request. */
export function isMadeUp(citation: JsonObject): boolean {
  return citation['type'] === 'web_search_result_location' && citation['encrypted_index'] === '';
}
