import type { JsonObject } from '@switchyard/contract';

export interface AskedTool {
  readonly name: string;
  readonly kind: 'function' | 'custom';
  readonly schema: JsonObject;
}

/** A stretch of the prompt in its order on the wire (tools, system, messages), as the prompt cache sees it. */
export interface PromptPiece {
  /** What makes two pieces the same to the cache. */
  readonly identity: string;
  readonly characters: number;
  /** Set where the caller put a cache marker behind the piece. */
  readonly marker?: '5m' | '1h';
}

/** Where a citation points. `text` is what is quoted, its place in the source is the very start. */
export interface CitedSource {
  readonly title: string;
  readonly text: string;
}

/** What the script needs to know of a request, in no dialect's words. */
export interface Ask {
  readonly model: string;
  readonly stream: boolean;
  /** The text of the last user turn. */
  readonly prompt: string;
  /** The texts of the tool results in the last turn; empty when it carries none. */
  readonly toolResults: readonly string[];
  readonly tools: readonly AskedTool[];
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly parallelTools: boolean;
  /** `hidden`: thought about and billed, but the text is withheld. */
  readonly thinking: 'off' | 'shown' | 'hidden';
  /** A JSON Schema that the answer must satisfy; `{}` = any JSON object; null = prose. */
  readonly outputSchema: JsonObject | null;
  readonly images: number;
  readonly documents: number;
  /** A source that the answer must cite; null = none. */
  readonly source: CitedSource | null;
  readonly stopSequences: readonly string[];
  readonly maxTokens: number | null;
  readonly promptPieces: readonly PromptPiece[];
  /** Keeps prompt caches apart: provider, model and the caller's cache key. */
  readonly cacheScope: string;
}
