import { parseJson } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { RedactedThinkingBlock, Signature, ThinkingBlock } from '@switchyard/conversation';
import { ANTHROPIC_ORIGIN, decodeSignature, encodeSignature, isTagged } from '../signature.js';
import { numberOf, objectsOf, textOf } from './fields.js';

/**
 * `reasoning_details`, OpenRouter's form of signed and encrypted reasoning, which other gateways took over:
 * `[{ type: reasoning.text | reasoning.summary | reasoning.encrypted, text, summary, data, signature, format, id, index }]`.
 * https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
const ANTHROPIC_FORMAT = 'anthropic-claude-v1';

/** Whose proof a detail carries, by its `format`. What is in no table belongs to the host it came from. */
const FORMAT_ORIGINS: Readonly<Record<string, string>> = { [ANTHROPIC_FORMAT]: ANTHROPIC_ORIGIN };

export interface ReasoningDetail {
  readonly kind: 'text' | 'summary' | 'encrypted';
  readonly text: string;
  readonly index: number | undefined;
  /** The proof that comes with it, or undefined where the detail is bare text. */
  readonly signature: Signature | undefined;
}

/** Reads the entries of `reasoning_details`. `origin`: under which name the sender's own proofs are kept. */
export function readReasoningDetails(value: JsonValue | undefined, origin: string): readonly ReasoningDetail[] {
  return objectsOf(value).flatMap((raw) => {
    const kind = KINDS[textOf(raw['type']) ?? ''];
    if (kind === undefined) return [];
    const text = textOf(raw['text']) ?? textOf(raw['summary']) ?? '';
    return [{ kind, text, index: numberOf(raw['index']), signature: signatureOf(raw, kind, origin) }];
  });
}

const KINDS: Readonly<Record<string, ReasoningDetail['kind']>> = {
  'reasoning.text': 'text',
  'reasoning.summary': 'summary',
  'reasoning.encrypted': 'encrypted',
};

function signatureOf(raw: JsonObject, kind: ReasoningDetail['kind'], origin: string): Signature | undefined {
  const format = textOf(raw['format']) ?? 'unknown';
  const proof = textOf(kind === 'encrypted' ? raw['data'] : raw['signature']);
  if (proof !== undefined && isTagged(proof)) return decodeSignature(proof, origin);
  const known = FORMAT_ORIGINS[format];
  if (known !== undefined) return proof === undefined ? undefined : { origin: known, value: proof };
  // A bare text says nothing that the text block does not; everything else must go back unmodified.
  if (proof === undefined && kind === 'text' && format === 'unknown') return undefined;
  const { text: _text, summary: _summary, index: _index, ...shape } = raw;
  return { origin, value: JSON.stringify(shape) };
}

/** The entries for a client: proofs of other origins than Anthropic travel tagged. Unsigned reasoning has no entry. */
export function writeReasoningDetail(
  block: ThinkingBlock | RedactedThinkingBlock,
  index: number,
): JsonObject | undefined {
  if (block.type === 'redacted-thinking') {
    return { type: 'reasoning.encrypted', data: encodeSignature(block.data), format: formatOf(block.data), index };
  }
  const { signature } = block;
  if (signature === undefined || signature.value === '') return undefined;
  return {
    type: 'reasoning.text',
    text: block.text,
    signature: encodeSignature(signature),
    format: formatOf(signature),
    index,
  };
}

function formatOf(signature: Signature): string {
  return signature.origin === ANTHROPIC_ORIGIN ? ANTHROPIC_FORMAT : 'unknown';
}

/** What may be replayed to a host: its own proofs, and Anthropic's where it serves a model of Anthropic's. */
export interface ReplayTarget {
  readonly origins: ReadonlySet<string>;
  readonly takesAnthropic: boolean;
}

/** The entry to send back up, or undefined when the block's proof was made elsewhere. */
export function replayReasoningDetail(
  block: ThinkingBlock | RedactedThinkingBlock,
  index: number,
  target: ReplayTarget,
): JsonObject | undefined {
  const signature = block.type === 'thinking' ? block.signature : block.data;
  if (signature === undefined) return { type: 'reasoning.text', text: textIn(block), format: 'unknown', index };
  if (signature.origin === ANTHROPIC_ORIGIN) {
    return target.takesAnthropic ? writeReasoningDetail(block, index) : undefined;
  }
  if (!target.origins.has(signature.origin)) return undefined;
  if (signature.value === '') return { type: 'reasoning.text', text: textIn(block), format: 'unknown', index };
  const shape = shapeIn(signature.value);
  if (shape === undefined) return undefined;
  const key = shape['type'] === 'reasoning.summary' ? 'summary' : 'text';
  return { ...shape, ...(block.type === 'thinking' && { [key]: block.text }), index };
}

function textIn(block: ThinkingBlock | RedactedThinkingBlock): string {
  return block.type === 'thinking' ? block.text : '';
}

/** The host's own entry, kept by `signatureOf`. The value came back through a client, so it may be anything. */
function shapeIn(value: string): JsonObject | undefined {
  try {
    return objectsOf([parseJson(value)])[0];
  } catch {
    return undefined;
  }
}
