import { ZERO_USAGE } from '@switchyard/contract';
import type { JsonValue, Usage } from '@switchyard/contract';
import type { Block, Citation, OpaqueBlock, Signature } from './blocks.js';

export type StopReason =
  | 'end'
  | 'max-tokens'
  | 'stop-sequence'
  | 'tool-use'
  | 'refusal'
  | 'pause'
  | 'context-window'
  /** The provider's filter cut the answer (OpenAI `content_filter` without a refusal text). */
  | 'content-filter';

/** What an upstream said of tokens. `present` is false when it said nothing, `suspect` names what was clamped or ignored. */
export interface UsageReport {
  readonly present: boolean;
  readonly usage: Usage;
  readonly suspect: readonly string[];
}

/** The report of an upstream that said nothing of tokens, or has not yet. */
export const NO_USAGE: UsageReport = { present: false, usage: ZERO_USAGE, suspect: [] };

/** A whole answer, in no protocol's words. */
export interface Answer {
  /** The upstream's id; a writer mints its own. */
  readonly upstreamId: string;
  /** The model name the upstream reported. */
  readonly upstreamModel: string;
  readonly content: readonly Block[];
  readonly stopReason: StopReason;
  readonly stopSequence?: string;
  readonly refusal?: { readonly category?: string; readonly explanation?: string };
  readonly usage: UsageReport;
  readonly createdS?: number;
  readonly serviceTier?: string;
  readonly systemFingerprint?: string;
  readonly logprobs?: JsonValue;
}

/**
 * The event vocabulary of a streamed answer. Blocks are strictly sequential: every `*-start` is closed by `block-end`
 * before the next, so a reader of an interleaving protocol buffers. Nouns first, always `start`/`delta`/`end`.
 */
export type StreamEvent =
  | {
      readonly type: 'message-start';
      readonly upstreamId: string;
      readonly upstreamModel: string;
      readonly usage: UsageReport;
      readonly createdS?: number;
      readonly serviceTier?: string;
      readonly systemFingerprint?: string;
    }
  | { readonly type: 'text-start' }
  | { readonly type: 'text-delta'; readonly text: string }
  | { readonly type: 'citation'; readonly citation: Citation }
  | { readonly type: 'thinking-start' }
  | { readonly type: 'thinking-delta'; readonly text: string }
  | { readonly type: 'thinking-signature'; readonly signature: Signature }
  | { readonly type: 'redacted-thinking'; readonly data: Signature }
  | { readonly type: 'refusal-start' }
  | { readonly type: 'refusal-delta'; readonly text: string }
  | {
      readonly type: 'tool-call-start';
      readonly id: string;
      readonly name: string;
      readonly kind: 'function' | 'custom';
    }
  | { readonly type: 'tool-call-delta'; readonly arguments: string }
  /** A complete image the model produced. */
  | { readonly type: 'image'; readonly block: Block }
  | { readonly type: 'opaque'; readonly block: OpaqueBlock }
  /** Closes the block opened last. `redacted-thinking`, `image` and `opaque` open and close in one. */
  | { readonly type: 'block-end' }
  | { readonly type: 'logprobs'; readonly value: JsonValue }
  /** The stop reason is known; usage may still follow. */
  | {
      readonly type: 'message-delta';
      readonly stopReason: StopReason;
      readonly stopSequence?: string;
      readonly refusal?: { readonly category?: string; readonly explanation?: string };
    }
  /** The upstream's terminator was seen. Usage is complete and cumulative. */
  | { readonly type: 'message-end'; readonly usage: UsageReport; readonly serviceTier?: string }
  | { readonly type: 'ping' };
