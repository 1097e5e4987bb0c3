import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Answer, Block, StopReason, TextBlock, ToolCallBlock } from '@switchyard/conversation';
import type { AnswerHead, WriteContext } from '../dialect.js';
import { writeAnnotation } from './citations.js';
import { defined } from './fields.js';
import { writeFinishReason } from './finish-reason.js';
import { dataUrl } from './media.js';
import { writeReasoningDetail } from './reasoning-details.js';
import { writeUsage } from './usage.js';

/** Writes a `chat.completion`. */
export function writeAnswer(answer: Answer, context: WriteContext): JsonObject {
  const message = writeMessage(answer);
  const { usage } = answer;
  return {
    ...envelope(answer.createdS, context),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message,
        logprobs: answer.logprobs ?? null,
        finish_reason: writeFinishReason(answer.stopReason, message['tool_calls'] !== undefined),
      },
    ],
    ...(usage.present && { usage: writeUsage(usage.usage, context.costFields(usage)) }),
    ...defined({
      service_tier: answer.serviceTier === undefined ? undefined : writeServiceTier(answer.serviceTier),
      system_fingerprint: answer.systemFingerprint,
      routing: context.routing?.(),
    }),
  };
}

/** What every object of one answer carries. */
export function envelope(createdS: number | undefined, context: AnswerHead): JsonObject {
  return {
    id: `chatcmpl-${context.generationId}`,
    created: createdS ?? context.createdS,
    model: context.publicModel,
    provider: context.provider,
  };
}

/** Anthropic calls the ordinary tier `standard`. */
export function writeServiceTier(tier: string): string {
  return tier === 'standard' ? 'default' : tier;
}

/** The refusal text of an answer whose blocks hold none: Anthropic explains beside the content. */
export function refusalOf(stopReason: StopReason, explanation: string | undefined): string | undefined {
  return stopReason === 'refusal' ? explanation : undefined;
}

function writeMessage(answer: Answer): JsonObject {
  const { content } = answer;
  const text = joined(content, 'text');
  const refusal = joined(content, 'refusal') ?? refusalOf(answer.stopReason, answer.refusal?.explanation);
  const calls = content.filter((block) => block.type === 'tool-call').map(writeCall);
  const details = content.flatMap((block) =>
    block.type === 'thinking' || block.type === 'redacted-thinking' ? [block] : [],
  );
  return {
    role: 'assistant',
    content: text ?? null,
    refusal: refusal ?? null,
    ...defined({
      reasoning_content: joined(content, 'thinking'),
      reasoning_details: listed(
        details.map((block, index) => writeReasoningDetail(block, index)).filter((detail) => detail !== undefined),
      ),
      tool_calls: listed(calls),
      annotations: listed(writeAnnotations(content)),
      images: listed(content.flatMap(writeImage)),
      audio: content.flatMap((block) => (block.type === 'opaque' && isAudio(block) ? [block.raw] : []))[0],
    }),
  };
}

function joined(content: readonly Block[], type: 'text' | 'thinking' | 'refusal'): string | undefined {
  const texts = content.flatMap((block) => (block.type === type ? [block.text] : []));
  return texts.length === 0 ? undefined : texts.join('');
}

function listed(values: readonly JsonValue[]): readonly JsonValue[] | undefined {
  return values.length === 0 ? undefined : values;
}

/** Arguments are always JSON text: a call without any gets `{}`. */
function writeCall(call: ToolCallBlock): JsonObject {
  if (call.kind === 'custom') {
    return { id: call.id, type: 'custom', custom: { name: call.name, input: call.arguments } };
  }
  const text = call.arguments === '' ? '{}' : call.arguments;
  return { id: call.id, type: 'function', function: { name: call.name, arguments: text } };
}

function writeAnnotations(content: readonly Block[]): JsonObject[] {
  const annotations: JsonObject[] = [];
  let start = 0;
  for (const block of content) {
    if (block.type !== 'text') continue;
    annotations.push(...annotationsOf(block, start));
    start += block.text.length;
  }
  return annotations;
}

function annotationsOf(block: TextBlock, start: number): JsonObject[] {
  const end = start + block.text.length;
  return (block.citations ?? [])
    .map((citation) => writeAnnotation(citation, start, end))
    .filter((annotation) => annotation !== undefined);
}

/** The `images` entry of an image the model made, as OpenRouter has it; none for an image that is only a file id. */
export function writeImage(block: Block): JsonObject[] {
  if (block.type !== 'image') return [];
  const { source } = block;
  if (source.kind === 'base64') return [imagePart(dataUrl(source.mediaType, source.data))];
  return source.kind === 'url' ? [imagePart(source.url)] : [];
}

function imagePart(url: string): JsonObject {
  return { type: 'image_url', image_url: { url } };
}

export function isAudio(block: Extract<Block, { type: 'opaque' }>): boolean {
  return block.dialect === 'openai-chat' && block.name === 'audio';
}
