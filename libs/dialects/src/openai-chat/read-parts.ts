import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Block, CacheControl, DocumentBlock, TextBlock } from '@switchyard/conversation';
import { defined, objectOf, objectsOf, textOf } from './fields.js';
import { readImage, sourceOfUrl } from './media.js';

/** Content, a string or an array of parts, as blocks. Empty texts are dropped: no dialect takes them everywhere. */
export function readContent(content: JsonValue | undefined): readonly Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return objectsOf(content).flatMap(readPart);
}

function readPart(part: JsonObject): readonly Block[] {
  const cacheControl = readCacheControl(part);
  return partBlocks(part).map((block) => withCacheControl(block, cacheControl));
}

function partBlocks(part: JsonObject): readonly Block[] {
  const type = textOf(part['type']) ?? 'text';
  switch (type) {
    case 'text':
    case 'input_text': {
      const text = textOf(part['text']);
      return text === undefined ? [] : [{ type: 'text', text }];
    }
    case 'image_url':
      return [readImage(part) ?? opaque(type, part)];
    case 'input_audio': {
      const audio = objectOf(part['input_audio']);
      return [{ type: 'audio', data: textOf(audio?.['data']) ?? '', format: textOf(audio?.['format']) ?? 'wav' }];
    }
    case 'file':
      return [readFile(objectOf(part['file']) ?? {}) ?? opaque(type, part)];
    case 'refusal': {
      const text = textOf(part['refusal']);
      return text === undefined ? [] : [{ type: 'refusal', text }];
    }
    case 'thinking':
      return [{ type: 'thinking', text: thinkingText(part['thinking']) }];
    default:
      return [opaque(type, part)];
  }
}

/** Mistral's thinking part: a list of text parts. */
function thinkingText(value: JsonValue | undefined): string {
  return (
    textOf(value) ??
    objectsOf(value)
      .map((piece) => textOf(piece['text']) ?? '')
      .join('')
  );
}

function readFile(file: JsonObject): DocumentBlock | undefined {
  const data = textOf(file['file_data']);
  const fileId = textOf(file['file_id']);
  const title = defined({ title: textOf(file['filename']) });
  if (data !== undefined) {
    const isUrl = /^(data|https?):/i.test(data);
    const source = isUrl
      ? sourceOfUrl(data, 'application/pdf')
      : ({ kind: 'base64', mediaType: 'application/pdf', data } as const);
    return { type: 'document', source, ...title };
  }
  return fileId === undefined ? undefined : { type: 'document', source: { kind: 'file', fileId }, ...title };
}

function opaque(name: string, raw: JsonObject): Block {
  return { type: 'opaque', dialect: 'openai-chat', name, raw };
}

/** OpenRouter's `cache_control`, or OpenAI's `prompt_cache_breakpoint`, whose lifetimes have no equal elsewhere. */
export function readCacheControl(owner: JsonObject): CacheControl | undefined {
  const marker = objectOf(owner['cache_control']);
  if (marker !== undefined) {
    const ttl = marker['ttl'];
    return { type: 'ephemeral', ...((ttl === '5m' || ttl === '1h') && { ttl }) };
  }
  return objectOf(owner['prompt_cache_breakpoint']) === undefined ? undefined : { type: 'ephemeral' };
}

function withCacheControl(block: Block, cacheControl: CacheControl | undefined): Block {
  if (cacheControl === undefined) return block;
  switch (block.type) {
    case 'text':
    case 'image':
    case 'audio':
    case 'document':
      return { ...block, cacheControl };
    default:
      return block;
  }
}

export function isText(block: Block): block is TextBlock {
  return block.type === 'text';
}
