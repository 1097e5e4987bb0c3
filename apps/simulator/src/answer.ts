import type { JsonObject } from '@switchyard/contract';
import type { CitedSource } from './ask.js';
import { tokensIn } from './tokenizer.js';

export type Part =
  | { readonly type: 'thinking'; readonly text: string; readonly shown: boolean; readonly signature: string }
  | { readonly type: 'redacted-thinking'; readonly data: string }
  | { readonly type: 'text'; readonly text: string; readonly source?: CitedSource }
  | {
      readonly type: 'tool-call';
      readonly id: string;
      readonly name: string;
      readonly kind: 'function' | 'custom';
      /** JSON text for a function, free text for a custom tool; cut short when the token limit fell into it. */
      readonly arguments: string;
    };

export type StopReason = 'end' | 'max-tokens' | 'stop-sequence' | 'tool-use' | 'refusal';

/** Input tokens in disjoint counts. */
export interface PromptTokens {
  readonly uncached: number;
  readonly read: number;
  readonly write5m: number;
  readonly write1h: number;
}

/** Rewrites the usage object just before it is written; undefined leaves it out. `place` counts usage objects from 0. */
export type UsageDistortion = (usage: JsonObject, place: number) => JsonObject | undefined;

export interface Answer {
  readonly parts: readonly Part[];
  readonly stopReason: StopReason;
  readonly stopSequence: string | null;
  readonly promptTokens: PromptTokens;
  /** Characters in one streamed piece of text; null = a word each. */
  readonly pieceCharacters: number | null;
  readonly distortUsage?: UsageDistortion;
}

/** How many tokens a part is billed as. */
export function tokensOfPart(part: Part): number {
  switch (part.type) {
    case 'redacted-thinking':
      return tokensIn(part.data);
    case 'tool-call':
      return tokensIn(part.name) + tokensIn(part.arguments);
    default:
      return tokensIn(part.text);
  }
}

export function outputTokensOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + tokensOfPart(part), 0);
}

export function thinkingTokensOf(parts: readonly Part[]): number {
  return outputTokensOf(parts.filter((part) => part.type === 'thinking' || part.type === 'redacted-thinking'));
}

/** The pieces in which a text is streamed: words, or equal slices of `pieceCharacters`. */
export function* slices(text: string, pieceCharacters: number | null): Generator<string> {
  if (pieceCharacters === null) {
    yield* text.match(/\S+\s*|\s+/g) ?? [];
    return;
  }
  for (let start = 0; start < text.length; start += pieceCharacters) yield text.slice(start, start + pieceCharacters);
}
