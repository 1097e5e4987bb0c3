import type { JsonObject } from '@switchyard/contract';
import type { CacheControl, Message, TextBlock } from './blocks.js';

/** A tool the client runs itself. */
export interface FunctionTool {
  readonly kind: 'function';
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments; absent = no arguments. */
  readonly schema?: JsonObject;
  readonly strict?: boolean;
  readonly cacheControl?: CacheControl;
}
/** OpenAI's free-form tool: its argument is text, optionally held to a grammar. */
export interface CustomTool {
  readonly kind: 'custom';
  readonly name: string;
  readonly description?: string;
  readonly format?: JsonObject;
}
/** Anthropic's schema-less client tools (`bash_20250124`, ...): client-executed, with a documented schema. */
export interface NativeTool {
  readonly kind: 'native';
  readonly nativeType: string;
  readonly name: string;
  readonly raw: JsonObject;
}
/** A tool the provider executes (web search, code execution, ...). */
export interface ServerTool {
  readonly kind: 'server';
  readonly nativeType: string;
  readonly name: string;
  readonly raw: JsonObject;
}
export type Tool = FunctionTool | CustomTool | NativeTool | ServerTool;

export type ToolChoice =
  | { readonly mode: 'auto' }
  | { readonly mode: 'any' }
  | { readonly mode: 'none' }
  | { readonly mode: 'tool'; readonly name: string }
  /** OpenAI's `allowed_tools`: a subset, optional or required. */
  | { readonly mode: 'allowed'; readonly names: readonly string[]; readonly required: boolean };

/** How much the model should think. `budgetTokens` and `effort` as asked; a writer derives what its dialect lacks. */
export interface Reasoning {
  readonly mode: 'off' | 'on' | 'adaptive';
  readonly effort?: string;
  readonly budgetTokens?: number;
  /** `omitted` = thinking text not wanted in the answer (`reasoning.exclude`, `display: omitted`). */
  readonly display?: string;
}

export type ResponseFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | {
      readonly kind: 'json-schema';
      readonly name?: string;
      readonly description?: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };

/** A request, in no protocol's words. Only what at least one dialect can express; the rest is in `extras`. */
export interface Conversation {
  /** As the caller sent it. */
  readonly model: string;
  readonly system: readonly TextBlock[];
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly repetitionPenalty?: number;
  readonly logitBias?: JsonObject;
  readonly logprobs?: boolean;
  readonly topLogprobs?: number;
  readonly seed?: number;
  readonly stop: readonly string[];
  readonly choices?: number;
  readonly reasoning?: Reasoning;
  readonly responseFormat?: ResponseFormat;
  readonly verbosity?: string;
  readonly stream: boolean;
  /** OpenAI's `stream_options.include_usage`; Anthropic clients always get usage. */
  readonly includeUsage?: boolean;
  readonly endUser?: string;
  readonly metadata?: JsonObject;
  readonly serviceTier?: string;
  readonly promptCacheKey?: string;
  /** Anthropic's top-level marker: cache up to the last cacheable block. */
  readonly autoCache?: CacheControl;
  readonly webSearch?: JsonObject;
  readonly prediction?: JsonObject;
  /** Top-level fields this library has no word for, by name, to be named when a translation drops them. */
  readonly extras: JsonObject;
}
