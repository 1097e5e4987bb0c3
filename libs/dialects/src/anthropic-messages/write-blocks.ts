import type { JsonObject } from '@switchyard/contract';
import { parseToolArguments } from '@switchyard/conversation';
import type {
  Block,
  CacheControl,
  Citation,
  DocumentBlock,
  MediaSource,
  ToolCallBlock,
} from '@switchyard/conversation';
import { optional } from './json-fields.js';
import { sniffMediaType } from './media-types.js';

/** Blocks that look the same in a request and in an answer; the rest has rules of its own on each side. */

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

export function writeCacheControl(marker: CacheControl | undefined): { readonly cache_control?: JsonObject } {
  return optional('cache_control', marker && { type: marker.type, ...optional('ttl', marker.ttl) });
}

/** A text block; `citations` are those that have a form here. */
export function writeText(text: string, citations: readonly JsonObject[] = []): JsonObject {
  return { type: 'text', text, ...(citations.length > 0 && { citations }) };
}

export function writeCitations(
  citations: readonly Citation[] | undefined,
  write: (citation: Citation) => JsonObject | undefined,
): readonly JsonObject[] {
  return (citations ?? []).map(write).filter((citation) => citation !== undefined);
}

export function writeImage(source: MediaSource): JsonObject {
  return { type: 'image', source: writeSource(source) };
}

/** A `tool_use` with its arguments parsed; free-form text becomes the one field of an object. */
export function writeToolUse(block: ToolCallBlock, id: string, name: string): JsonObject {
  return { type: 'tool_use', id, name, input: toolInput(block) };
}

export function toolInput(call: Pick<ToolCallBlock, 'kind' | 'arguments'>): JsonObject {
  return call.kind === 'custom' ? { input: call.arguments } : parseToolArguments(call.arguments);
}

export function writeDocument(block: DocumentBlock, content: (blocks: readonly Block[]) => JsonObject[]): JsonObject {
  const source =
    block.source.kind === 'blocks'
      ? { type: 'content', content: content(block.source.blocks) }
      : writeSource(asText(block.source));
  return {
    type: 'document',
    source,
    ...optional('title', block.title),
    ...optional('context', block.context),
    ...optional('citations', block.citations === undefined ? undefined : { enabled: block.citations }),
  };
}

function writeSource(source: MediaSource): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: sniffMediaType(source.data, source.mediaType), data: source.data };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: source.fileId };
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'blocks':
      return { type: 'content', content: [] };
  }
}

/** Anthropic takes PDF alone as base64; any text format goes as plain text. */
function asText(source: MediaSource): MediaSource {
  const isText = source.kind === 'base64' && /^text\/|^application\/json\b/.test(source.mediaType);
  if (!isText) return source;
  return { kind: 'text', mediaType: 'text/plain', text: Buffer.from(source.data, 'base64').toString('utf8') };
}
