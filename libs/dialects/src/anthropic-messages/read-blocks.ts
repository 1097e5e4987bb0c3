import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Block, CacheControl, MediaSource, Signature, TextBlock } from '@switchyard/conversation';
import { decodeSignature } from '../signature.js';
import { readCitation } from './citations.js';
import { objectField, objectsField, optional, textField } from './json-fields.js';
import { decodeToolId } from './tool-ids.js';

/** Reads content given as a string or as blocks. `origin` owns the signatures that carry no tag. */
export function readContent(content: JsonValue | undefined, origin: string): readonly Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return (content as readonly JsonValue[])
    .filter((block) => isJsonObject(block))
    .map((block) => readBlock(block, origin));
}

/** Reads one content block. What is unknown or malformed is carried along unread: it can be named, never misunderstood. */
export function readBlock(block: JsonObject, origin: string): Block {
  const type = textField(block, 'type') ?? '';
  return (
    READERS.get(type)?.(block, origin) ?? { type: 'opaque', dialect: 'anthropic-messages', name: type, raw: block }
  );
}

export function readCacheControl(holder: JsonObject): CacheControl | undefined {
  const marker = objectField(holder, 'cache_control');
  if (marker?.['type'] !== 'ephemeral') return undefined;
  const ttl = marker['ttl'];
  return ttl === '5m' || ttl === '1h' ? { type: 'ephemeral', ttl } : { type: 'ephemeral' };
}

/** A signature field; empty counts as none, since nothing can be proven with it. */
export function readSignature(holder: JsonObject, key: string, origin: string): Signature | undefined {
  const text = textField(holder, key);
  return text === undefined || text === '' ? undefined : decodeSignature(text, origin);
}

type BlockReader = (block: JsonObject, origin: string) => Block | undefined;

const READERS = new Map<string, BlockReader>([
  ['text', readText],
  ['image', readImage],
  ['document', readDocument],
  ['search_result', readSearchResult],
  ['thinking', readThinking],
  ['redacted_thinking', readRedactedThinking],
  ['tool_use', readToolUse],
  ['tool_result', readToolResult],
]);

function readText(block: JsonObject): TextBlock | undefined {
  const text = textField(block, 'text');
  if (text === undefined) return undefined;
  const citations = objectsField(block, 'citations').map(readCitation);
  return { type: 'text', text, ...(citations.length > 0 && { citations }), ...cacheOf(block) };
}

function readImage(block: JsonObject): Block | undefined {
  const source = readSource(objectField(block, 'source'));
  return source && { type: 'image', source, ...cacheOf(block) };
}

function readSearchResult(block: JsonObject, origin: string): Block {
  return {
    type: 'search-result',
    source: textField(block, 'source') ?? '',
    title: textField(block, 'title') ?? '',
    content: readContent(block['content'], origin),
    ...citationsSwitch(block),
    ...cacheOf(block),
  };
}

function readThinking(block: JsonObject, origin: string): Block {
  return {
    type: 'thinking',
    text: textField(block, 'thinking') ?? '',
    ...optional('signature', readSignature(block, 'signature', origin)),
  };
}

function readRedactedThinking(block: JsonObject, origin: string): Block | undefined {
  const data = readSignature(block, 'data', origin);
  return data && { type: 'redacted-thinking', data };
}

function readToolResult(block: JsonObject, origin: string): Block {
  return {
    type: 'tool-result',
    callId: decodeToolId(textField(block, 'tool_use_id') ?? ''),
    content: readContent(block['content'], origin),
    isError: block['is_error'] === true,
    ...cacheOf(block),
  };
}

function readDocument(block: JsonObject, origin: string): Block | undefined {
  const source = readSource(objectField(block, 'source'), origin);
  if (!source) return undefined;
  return {
    type: 'document',
    source,
    ...optional('title', textField(block, 'title')),
    ...optional('context', textField(block, 'context')),
    ...citationsSwitch(block),
    ...cacheOf(block),
  };
}

function readToolUse(block: JsonObject): Block | undefined {
  const id = textField(block, 'id');
  const name = textField(block, 'name');
  if (id === undefined || name === undefined) return undefined;
  return {
    type: 'tool-call',
    id: decodeToolId(id),
    name,
    arguments: JSON.stringify(block['input'] ?? {}),
    kind: 'function',
    ...cacheOf(block),
  };
}

function readSource(source: JsonObject | undefined, origin = ''): MediaSource | undefined {
  const mediaType = source && (textField(source, 'media_type') ?? '');
  const data = source && textField(source, 'data');
  const url = source && textField(source, 'url');
  const fileId = source && textField(source, 'file_id');
  switch (source?.['type']) {
    case 'base64':
      return data === undefined ? undefined : { kind: 'base64', mediaType: mediaType ?? '', data };
    case 'text':
      return data === undefined ? undefined : { kind: 'text', mediaType: mediaType ?? '', text: data };
    case 'url':
      return url === undefined ? undefined : { kind: 'url', url };
    case 'file':
      return fileId === undefined ? undefined : { kind: 'file', fileId };
    case 'content':
      return { kind: 'blocks', blocks: readContent(source['content'], origin) };
    default:
      return undefined;
  }
}

function cacheOf(block: JsonObject): { readonly cacheControl?: CacheControl } {
  return optional('cacheControl', readCacheControl(block));
}

function citationsSwitch(block: JsonObject): { readonly citations?: boolean } {
  const enabled = objectField(block, 'citations')?.['enabled'];
  return typeof enabled === 'boolean' ? { citations: enabled } : {};
}
