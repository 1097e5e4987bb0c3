import { UpstreamError } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Block, MediaSource, Message, Signature } from '@switchyard/conversation';
import { optional } from './json-fields.js';
import type { RequestNotes } from './request-notes.js';
import { encodeToolId } from './tool-ids.js';
import { sentToolName } from './tool-names.js';
import {
  isBlank,
  writeCacheControl,
  writeCitations,
  writeDocument,
  writeImage,
  writeText,
  writeToolUse,
} from './write-blocks.js';

/** A JSON object still being put together. */
export type Draft = Record<string, JsonValue | undefined>;

export interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: Draft[];
}

/** Each message as a turn of its own; messages of which nothing is left are gone. */
export function writeTurns(messages: readonly Message[], notes: RequestNotes): Turn[] {
  if (messages.some((message) => message.name !== undefined)) notes.drop('messages.name');
  return messages
    .map((message): Turn => ({ role: message.role, content: writeContent(message.content, notes) }))
    .filter((turn) => turn.content.length > 0);
}

export function writeContent(blocks: readonly Block[], notes: RequestNotes): Draft[] {
  return blocks.map((block) => writeBlock(block, notes)).filter((block) => block !== undefined);
}

function writeBlock(block: Block, notes: RequestNotes): Draft | undefined {
  switch (block.type) {
    case 'text':
      if (isBlank(block.text)) return undefined;
      return { ...writeText(block.text, ownCitations(block, notes)), ...cacheOf(block, notes) };
    case 'refusal':
      return isBlank(block.text) ? undefined : { ...writeText(block.text) };
    case 'image':
      if (block.detail !== undefined && block.detail !== 'auto') notes.drop('image_url.detail');
      return isForeignFile(block.source, notes) ? undefined : { ...writeImage(block.source), ...cacheOf(block, notes) };
    case 'document':
      if (isForeignFile(block.source, notes)) return undefined;
      return { ...writeDocument(block, (blocks) => writeContent(blocks, notes)), ...cacheOf(block, notes) };
    case 'search-result':
      return {
        type: 'search_result',
        source: block.source,
        title: block.title,
        content: writeContent(block.content, notes),
        ...optional('citations', block.citations === undefined ? undefined : { enabled: block.citations }),
        ...cacheOf(block, notes),
      };
    case 'thinking':
      return mayReplay(block.signature, notes)
        ? { type: 'thinking', thinking: block.text, signature: block.signature?.value }
        : undefined;
    case 'redacted-thinking':
      return mayReplay(block.data, notes) ? { type: 'redacted_thinking', data: block.data.value } : undefined;
    case 'tool-call': {
      const id = notes.rename(block.id, encodeToolId(block.id));
      return { ...writeToolUse(block, id, sentToolName(block.name, notes)), ...cacheOf(block, notes) };
    }
    case 'tool-result':
      return writeToolResult(block, notes);
    case 'audio':
      throw unsupported('Audio input');
    case 'opaque':
      if (block.dialect === 'anthropic-messages') return { ...block.raw };
      notes.drop(block.name);
      return undefined;
  }
}

function writeToolResult(block: Extract<Block, { type: 'tool-result' }>, notes: RequestNotes): Draft {
  const content = writeContent(block.content, notes);
  return {
    type: 'tool_result',
    tool_use_id: notes.rename(block.callId, encodeToolId(block.callId)),
    ...(content.length > 0 && { content }),
    ...(block.isError && { is_error: true }),
    ...cacheOf(block, notes),
  };
}

/** Anthropic checks citations against its own sources; those of another provider mean nothing to it. */
function ownCitations(block: Extract<Block, { type: 'text' }>, notes: RequestNotes): readonly JsonObject[] {
  const own = writeCitations(block.citations, (citation) =>
    citation.raw?.dialect === 'anthropic-messages' ? citation.raw.value : undefined,
  );
  if (own.length < (block.citations?.length ?? 0)) notes.drop('annotations');
  return own;
}

/** Reasoning goes back only to where it came from: a missing or foreign signature is refused with a 400. */
function mayReplay(signature: Signature | undefined, notes: RequestNotes): boolean {
  const own = notes.target.deviations.signatureOrigin ?? notes.target.origin;
  if (signature && signature.value !== '' && (signature.origin === 'anthropic' || signature.origin === own))
    return true;
  notes.drop(signature && signature.value !== '' ? 'thinking.signature' : 'thinking');
  return false;
}

/** OpenAI's uploaded files (`file-...`) exist only at OpenAI. */
function isForeignFile(source: MediaSource, notes: RequestNotes): boolean {
  const isForeign = source.kind === 'file' && source.fileId.startsWith('file-');
  if (isForeign) notes.drop('file_id');
  return isForeign;
}

function cacheOf(
  block: { readonly cacheControl?: Parameters<typeof writeCacheControl>[0] },
  notes: RequestNotes,
): Draft {
  if (block.cacheControl && notes.target.deviations.cacheControl === false) {
    notes.drop('cache_control');
    return {};
  }
  return writeCacheControl(block.cacheControl);
}

/** For what must not be dropped because the request would mean something else without it. Another endpoint may take it. */
export function unsupported(what: string): UpstreamError {
  return new UpstreamError({
    class: 'endpoint_specific',
    status: null,
    message: `${what} cannot be expressed in the protocol of this endpoint.`,
  });
}
