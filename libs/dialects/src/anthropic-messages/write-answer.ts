import type { JsonObject } from '@switchyard/contract';
import type { Answer, Block, Signature, StopReason } from '@switchyard/conversation';
import type { WriteContext } from '../dialect.js';
import { encodeSignature } from '../signature.js';
import { writeCitation } from './citations.js';
import { optional } from './json-fields.js';
import { settleStopReason, writeStopReason } from './stop-reasons.js';
import { encodeToolId } from './tool-ids.js';
import { writeUsage } from './usage.js';
import { isBlank, writeCitations, writeDocument, writeImage, writeText, writeToolUse } from './write-blocks.js';

/** Writes a whole answer for an Anthropic client. Parts that have no form in this protocol (audio, log probabilities) are left out. */
export function writeAnswer(answer: Answer, context: WriteContext): JsonObject {
  const costs = context.costFields(answer.usage);
  return {
    ...messageHead(context),
    content: writeAnswerBlocks(answer.content, context),
    ...writeEnding({
      stopReason: answer.stopReason,
      stopSequence: answer.stopSequence,
      refusal: answer.refusal,
      refusalText: answer.content.find((block) => block.type === 'refusal')?.text,
      hasToolCall: answer.content.some((block) => block.type === 'tool-call'),
    }),
    usage: { ...writeUsage(answer.usage, answer.serviceTier), ...costs },
    ...optional('routing', context.routing?.()),
  };
}

/** The fields of a message that are known before its content. */
export function messageHead(context: WriteContext): JsonObject {
  return {
    id: `msg_${context.generationId}`,
    type: 'message',
    role: 'assistant',
    model: context.publicModel,
    ...optional('created', context.compatNaga ? context.createdS : undefined),
  };
}

/** What is known of an answer's end. */
export interface Ending {
  readonly stopReason: StopReason;
  readonly stopSequence: string | undefined;
  readonly refusal: Answer['refusal'];
  /** Text in which the model refused (OpenAI's `refusal`); undefined = it did not. */
  readonly refusalText: string | undefined;
  readonly hasToolCall: boolean;
}

/** `stop_reason`, `stop_sequence` and `stop_details`. */
export function writeEnding(ending: Ending): JsonObject {
  const hasRefusal = ending.refusalText !== undefined;
  const reason = settleStopReason(ending.stopReason, { hasToolCall: ending.hasToolCall, hasRefusal });
  const refusal = ending.refusal ?? (hasRefusal ? { explanation: ending.refusalText } : undefined);
  return {
    stop_reason: writeStopReason(reason),
    stop_sequence: ending.stopSequence ?? null,
    stop_details: refusal
      ? { type: 'refusal', category: refusal.category ?? null, explanation: refusal.explanation ?? null }
      : null,
  };
}

/**
 * The string for a signature in an answer. Reasoning of another origin gets Switchyard's tag even when it came without
 * a signature: by the tag a later request shows whose it is, and that Anthropic must not see it.
 */
export function writeSignature(signature: Signature | undefined, context: WriteContext): string {
  return encodeSignature(signature ?? { origin: context.origin, value: '' });
}

/** A tool call id for the client; hosts that send none get one that is unique within the answer. */
export function writeToolId(id: string, position: number, context: WriteContext): string {
  return id === '' ? `toolu_${context.generationId}_${String(position)}` : encodeToolId(id);
}

function writeAnswerBlocks(blocks: readonly Block[], context: WriteContext): JsonObject[] {
  const written: JsonObject[] = [];
  for (const block of blocks) {
    const json = writeAnswerBlock(block, written.length, context);
    if (json) written.push(json);
  }
  return written;
}

/** One complete block at this position of an answer; undefined when the protocol has no form for it. */
export function writeAnswerBlock(block: Block, position: number, context: WriteContext): JsonObject | undefined {
  switch (block.type) {
    case 'text':
      return block.text === '' && !block.citations
        ? undefined
        : writeText(block.text, writeCitations(block.citations, writeCitation));
    case 'refusal':
      return isBlank(block.text) ? undefined : writeText(block.text);
    case 'thinking':
      return { type: 'thinking', thinking: block.text, signature: writeSignature(block.signature, context) };
    case 'redacted-thinking':
      return { type: 'redacted_thinking', data: encodeSignature(block.data) };
    case 'tool-call':
      return writeToolUse(block, writeToolId(block.id, position, context), block.name);
    case 'image':
      return writeImage(block.source);
    case 'document':
      return writeDocument(block, (blocks) => writeAnswerBlocks(blocks, context));
    case 'opaque':
      return block.dialect === 'anthropic-messages' ? block.raw : undefined;
    case 'search-result':
    case 'audio':
    case 'tool-result':
      return undefined;
  }
}
