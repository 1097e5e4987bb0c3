import type { JsonObject } from '@switchyard/contract';
import { slices, type Part } from '../answer.js';

/** What of reasoning is shown, and whether with signed `reasoning_details` (as OpenRouter does when `reasoning` asks for it). */
export interface ReasoningManner {
  readonly details: boolean;
}

type Thinking = Extract<Part, { type: 'thinking' | 'redacted-thinking' }>;

const FORMAT = { format: 'anthropic-claude-v1', index: 0 };

/** The reasoning fields of a whole message. */
export function reasoningOf(parts: readonly Part[], manner: ReasoningManner): JsonObject {
  const thoughts = parts.filter((part) => part.type === 'thinking' || part.type === 'redacted-thinking');
  const text = thoughts.flatMap((part) => (part.type === 'thinking' && part.shown ? [part.text] : [])).join('\n');
  const details = manner.details ? thoughts.map((part) => detailOf(part)) : [];
  return {
    ...(text === '' ? {} : { reasoning_content: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

/** The same fields as the deltas of a stream; the signature comes last, by itself. */
export function* reasoningDeltas(
  part: Thinking,
  pieceCharacters: number | null,
  manner: ReasoningManner,
): Generator<{ readonly delta: JsonObject; readonly text: string }> {
  const shown = part.type === 'thinking' && part.shown ? part.text : '';
  for (const text of slices(shown, pieceCharacters)) {
    const details = manner.details ? { reasoning_details: [{ type: 'reasoning.text', text, ...FORMAT }] } : {};
    yield { delta: { reasoning_content: text, ...details }, text };
  }
  if (!manner.details) return;
  const detail = detailOf(part);
  yield { delta: { reasoning_details: [part.type === 'thinking' ? { ...detail, text: '' } : detail] }, text: '' };
}

function detailOf(part: Thinking): JsonObject {
  if (part.type === 'redacted-thinking') return { type: 'reasoning.encrypted', data: part.data, ...FORMAT };
  return { type: 'reasoning.text', text: part.shown ? part.text : '', signature: part.signature, ...FORMAT };
}
