import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Citation } from '@switchyard/conversation';
import { defined, numberOf, objectOf, objectsOf, textOf } from './fields.js';

/** `annotations` of a message or a delta. Only `url_citation` has a meaning elsewhere; the others keep their own form. */
export function readAnnotations(value: JsonValue | undefined): readonly Citation[] {
  return objectsOf(value).map((raw) => {
    const cited = objectOf(raw['url_citation']);
    if (cited === undefined) return { kind: 'unknown', raw: { dialect: 'openai-chat', value: raw } };
    return {
      kind: 'web',
      raw: { dialect: 'openai-chat', value: raw },
      ...defined({
        url: textOf(cited['url']),
        title: textOf(cited['title']),
        citedText: textOf(cited['content']),
        start: numberOf(cited['start_index']),
        end: numberOf(cited['end_index']),
      }),
    };
  });
}

/**
 * The annotation for a citation, or undefined for one that points into a document: OpenAI knows only URLs.
 * A citation without offsets of its own covers the text block it stands in.
 */
export function writeAnnotation(citation: Citation, blockStart: number, blockEnd: number): JsonObject | undefined {
  if (citation.raw?.dialect === 'openai-chat') return citation.raw.value;
  if (citation.url === undefined) return undefined;
  return {
    type: 'url_citation',
    url_citation: {
      start_index: citation.start ?? blockStart,
      end_index: citation.end ?? blockEnd,
      title: citation.title ?? citation.url,
      url: citation.url,
      ...defined({ content: citation.citedText }),
    },
  };
}
