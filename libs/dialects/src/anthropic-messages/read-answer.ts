import { UpstreamError, isJsonObject } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Answer, Block, StopReason, UsageReport } from '@switchyard/conversation';
import type { AnswerOrigin } from '../dialect.js';
import { restoreBlock } from './answer-shape.js';
import { embeddedFailure } from './errors.js';
import { arrayField, objectField, optional, textField } from './json-fields.js';
import { readBlock } from './read-blocks.js';
import { readStopReason, settleStopReason } from './stop-reasons.js';
import { UsageReader } from './usage.js';

/** Reads a whole answer. Throws `UpstreamError` for an error, an empty answer, or JSON of another dialect. */
export function readAnswer(body: JsonObject, origin: AnswerOrigin): Answer {
  const head = readAnswerHead(body);
  const content = head.blocks.map((block) => restoreBlock(readBlock(block, signatureOrigin(origin)), origin));
  const stopReason = settleStopReason(head.stopReason, {
    hasToolCall: content.some((block: Block) => block.type === 'tool-call'),
    hasRefusal: false,
  });
  return {
    upstreamId: head.id,
    upstreamModel: head.model,
    content,
    stopReason,
    ...optional('stopSequence', textField(body, 'stop_sequence')),
    ...optional('refusal', readRefusal(body)),
    usage: head.usage,
    ...optional('serviceTier', head.serviceTier),
  };
}

/** An answer as far as Switchyard needs it when nothing is translated. */
export interface AnswerHead {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly JsonObject[];
  readonly stopReason: StopReason;
  readonly usage: UsageReport;
  readonly serviceTier: string | undefined;
}

/** Checks that a body is a finished message, and reads all of it but the blocks. Throws like `readAnswer`. */
export function readAnswerHead(body: JsonObject): AnswerHead {
  if (body['type'] === 'error' || (isJsonObject(body['error']) && body['content'] === undefined)) {
    throw new UpstreamError(embeddedFailure(body));
  }
  if (!Array.isArray(body['content'])) throw invalidAnswer('The upstream answered 200 without a message.');
  const blocks = arrayField(body, 'content').filter((block) => isJsonObject(block));
  const stopReason = readStopReason(textField(body, 'stop_reason') ?? '');
  if (stopReason === 'end' && !blocks.some(hasSubstance)) throw emptyAnswer();
  const usage = new UsageReader();
  usage.read(body['usage']);
  return {
    id: textField(body, 'id') ?? '',
    model: textField(body, 'model') ?? '',
    blocks,
    stopReason,
    usage: usage.report(),
    serviceTier: usage.serviceTier,
  };
}

/** Signatures of this host belong to its profile, unless the profile says whose they are. */
export function signatureOrigin(origin: AnswerOrigin): string {
  return origin.deviations.signatureOrigin ?? origin.origin;
}

export function readRefusal(holder: JsonObject): Answer['refusal'] {
  const details = objectField(holder, 'stop_details');
  if (details?.['type'] !== 'refusal') return undefined;
  return {
    ...optional('category', textField(details, 'category')),
    ...optional('explanation', textField(details, 'explanation')),
  };
}

/** False for a text or thinking block that holds nothing. */
export function hasSubstance(block: JsonObject): boolean {
  const has = (key: string): boolean => (textField(block, key) ?? '') !== '';
  if (block['type'] === 'text') return has('text');
  return block['type'] !== 'thinking' || has('thinking') || has('signature');
}

export function invalidAnswer(message: string): UpstreamError {
  return new UpstreamError({ class: 'invalid_answer', status: 200, message });
}

/** The turn ended with nothing said: useless to the caller, and another endpoint may do better. */
export function emptyAnswer(): UpstreamError {
  return invalidAnswer('The upstream answered with no content.');
}
