import type { JsonObject } from '@switchyard/contract';
import type { AudioBlock, Block, DocumentBlock, ImageBlock, SearchResultBlock } from '@switchyard/conversation';
import type { Deviations } from '../deviations.js';
import { defined, textOf } from './fields.js';
import type { Losses } from './losses.js';
import { dataUrl } from './media.js';
import { writeMarker } from './write-tools.js';

/** Writes content blocks as the parts of a user message. What has no part of its own becomes text, or is named as lost. */
export class PartWriter {
  constructor(
    private readonly deviations: Deviations,
    private readonly losses: Losses,
  ) {}

  /** The parts of some blocks. Empty texts are dropped: hosts reject them. */
  parts(blocks: readonly Block[]): readonly JsonObject[] {
    return blocks.flatMap((block) => this.marked(block, this.partsOf(block)));
  }

  /** Text alone, for places that take nothing else; media in it is left out without a word, to be sent elsewhere. */
  texts(blocks: readonly Block[]): readonly string[] {
    return this.parts(blocks.filter((block) => block.type !== 'image' && block.type !== 'audio')).flatMap((part) =>
      typeof part['text'] === 'string' ? [part['text']] : [],
    );
  }

  private partsOf(block: Block): readonly JsonObject[] {
    switch (block.type) {
      case 'text':
        return textPart(block.text);
      case 'image':
        return this.image(block);
      case 'audio':
        return [audioPart(block)];
      case 'document':
        return this.document(block);
      case 'search-result':
        return this.searchResult(block);
      case 'refusal':
        return textPart(block.text);
      case 'opaque':
        if (block.dialect === 'openai-chat') return [block.raw];
        this.losses.add(block.name);
        return [];
      case 'thinking':
      case 'redacted-thinking':
        this.losses.add('thinking');
        return [];
      case 'tool-call':
      case 'tool-result':
        // These are messages of their own and never get here but from a malformed history.
        this.losses.add(block.type === 'tool-call' ? 'tool_use' : 'tool_result');
        return [];
    }
  }

  /** `cache_control` on the last part of a marked block, where the host knows it. */
  private marked(block: Block, parts: readonly JsonObject[]): readonly JsonObject[] {
    const marker = 'cacheControl' in block ? block.cacheControl : undefined;
    const last = parts.at(-1);
    if (marker === undefined || last === undefined) return parts;
    if (this.deviations.cacheControl !== true) {
      this.losses.add('cache_control');
      return parts;
    }
    return [...parts.slice(0, -1), { ...last, ...defined({ cache_control: writeMarker(marker) }) }];
  }

  private image(block: ImageBlock): readonly JsonObject[] {
    const { source } = block;
    switch (source.kind) {
      case 'base64':
        return [imagePart(dataUrl(source.mediaType, source.data), block.detail)];
      case 'url':
        if (this.deviations.imageUrls !== false) return [imagePart(source.url, block.detail)];
        this.losses.add('image.url');
        return textPart(`[Image: ${source.url}]`);
      default:
        this.losses.add(`image.${source.kind}`);
        return textPart('[Image that cannot be shown here]');
    }
  }

  private document(block: DocumentBlock): readonly JsonObject[] {
    const { source, title, context } = block;
    if (block.citations === true) this.losses.add('citations');
    const preface = textPart([context].filter(Boolean).join('\n'));
    switch (source.kind) {
      case 'base64': {
        const file = {
          filename: title ?? defaultName(source.mediaType),
          file_data: dataUrl(source.mediaType, source.data),
        };
        return [...preface, { type: 'file', file }];
      }
      case 'text':
        return textPart([title, context, source.text].filter(Boolean).join('\n\n'));
      case 'blocks':
        return [...textPart([title, context].filter(Boolean).join('\n\n')), ...this.parts(source.blocks)];
      case 'url':
        this.losses.add('document.url');
        return textPart([`[Document: ${title ?? source.url}]`, source.url, context].filter(Boolean).join('\n'));
      case 'file':
        this.losses.add('document.file');
        return textPart(`[Document: ${title ?? source.fileId}]`);
    }
  }

  private searchResult(block: SearchResultBlock): readonly JsonObject[] {
    if (block.citations === true) this.losses.add('citations');
    return textPart([block.title, block.source, ...this.texts(block.content)].filter(Boolean).join('\n'));
  }
}

/**
 * Content as a string where it is text without markers, which every host takes; else as parts.
 * Undefined when nothing is in it.
 */
export function contentOf(parts: readonly JsonObject[], separator: string): string | readonly JsonObject[] | undefined {
  if (parts.length === 0) return undefined;
  const isPlain = parts.every((part) => part['type'] === 'text' && part['cache_control'] === undefined);
  return isPlain ? parts.map((part) => textOf(part['text']) ?? '').join(separator) : parts;
}

export function textPart(text: string): readonly JsonObject[] {
  return text === '' ? [] : [{ type: 'text', text }];
}

function imagePart(url: string, detail: string | undefined): JsonObject {
  return { type: 'image_url', image_url: { url, ...defined({ detail }) } };
}

function audioPart(block: AudioBlock): JsonObject {
  return { type: 'input_audio', input_audio: { data: block.data, format: block.format } };
}

function defaultName(mediaType: string): string {
  return mediaType === 'application/pdf' ? 'document.pdf' : 'document';
}
