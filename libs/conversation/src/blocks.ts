import { parseJson } from '@switchyard/contract';
import type { DialectId, JsonObject, JsonValue } from '@switchyard/contract';

/** A prompt-cache marker after a block. `ttl` as the caller wrote it; absent = the provider's default (5 minutes). */
export interface CacheControl {
  readonly type: 'ephemeral';
  readonly ttl?: '5m' | '1h';
}

/** Where media bytes are. Switchyard never fetches a `url`. */
export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly fileId: string }
  | { readonly kind: 'text'; readonly mediaType: string; readonly text: string }
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[] };

/** A pointer from generated text to its source. `raw` is the writer's own object, for a round trip in its dialect. */
export interface Citation {
  readonly kind: 'char' | 'page' | 'block' | 'search-result' | 'web' | 'unknown';
  readonly url?: string;
  readonly title?: string;
  readonly citedText?: string;
  /** Character offsets in the generated text (OpenAI's `url_citation`), half open. */
  readonly start?: number;
  readonly end?: number;
  readonly raw?: { readonly dialect: DialectId; readonly value: JsonObject };
}

/**
 * A provider's proof that it produced a piece of reasoning. Opaque, valid only at its origin: `anthropic` values are
 * replayed byte for byte, values of other origins travel through a foreign client inside a tagged string.
 */
export interface Signature {
  /** `anthropic`, or the provider profile that made it (`openrouter`, `gemini`, ...). */
  readonly origin: string;
  readonly value: string;
}

interface BlockBase {
  readonly cacheControl?: CacheControl;
}

export interface TextBlock extends BlockBase {
  readonly type: 'text';
  readonly text: string;
  readonly citations?: readonly Citation[];
}
export interface ImageBlock extends BlockBase {
  readonly type: 'image';
  readonly source: MediaSource;
  /** OpenAI's `detail`. */
  readonly detail?: string;
}
export interface AudioBlock extends BlockBase {
  readonly type: 'audio';
  readonly data: string;
  readonly format: string;
}
export interface DocumentBlock extends BlockBase {
  readonly type: 'document';
  readonly source: MediaSource;
  readonly title?: string;
  readonly context?: string;
  readonly citations?: boolean;
}
export interface SearchResultBlock extends BlockBase {
  readonly type: 'search-result';
  readonly source: string;
  readonly title: string;
  readonly content: readonly Block[];
  readonly citations?: boolean;
}
export interface ThinkingBlock {
  readonly type: 'thinking';
  readonly text: string;
  readonly signature?: Signature;
}
export interface RedactedThinkingBlock {
  readonly type: 'redacted-thinking';
  readonly data: Signature;
}
/** A call of a client-executed tool. `arguments` is the JSON text exactly as generated; `""` means no arguments. */
export interface ToolCallBlock extends BlockBase {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  /** `custom` = OpenAI free-form tool: `arguments` is plain text, not JSON. */
  readonly kind: 'function' | 'custom';
}
export interface ToolResultBlock extends BlockBase {
  readonly type: 'tool-result';
  readonly callId: string;
  readonly content: readonly Block[];
  readonly isError: boolean;
}
/** OpenAI's refusal text, as an answer part or echoed back in history. */
export interface RefusalBlock {
  readonly type: 'refusal';
  readonly text: string;
}
/** A part of one dialect that no other has (server tool calls and results, containers, ...): carried, never interpreted. */
export interface OpaqueBlock {
  readonly type: 'opaque';
  readonly dialect: DialectId;
  /** The part's own `type`, to name it when it must be dropped. */
  readonly name: string;
  readonly raw: JsonObject;
}

/** A piece of a message. Close to Anthropic's content blocks, which are the richest of the dialects. */
export type Block =
  | TextBlock
  | ImageBlock
  | AudioBlock
  | DocumentBlock
  | SearchResultBlock
  | ThinkingBlock
  | RedactedThinkingBlock
  | ToolCallBlock
  | ToolResultBlock
  | RefusalBlock
  | OpaqueBlock;

export interface Message {
  /** `system` only for instructions in mid-conversation; leading ones are in `Conversation.system`. */
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: readonly Block[];
  readonly name?: string;
}

/** Parses the JSON text of a tool call as forgivingly as the many upstreams need: `""` is `{}`, double encoding is undone, the rest is wrapped. */
export function parseToolArguments(text: string): JsonObject {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = parseJson(text);
    if (typeof value === 'string') value = parseJson(value);
  } catch {
    return { _raw: text };
  }
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  return { value: value as JsonValue };
}
