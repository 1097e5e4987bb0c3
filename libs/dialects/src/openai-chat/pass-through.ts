import { totalOutput } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { StopReason } from '@switchyard/conversation';
import type { AnswerContext, AnswerOrigin, AnswerSummary, RequestTarget } from '../dialect.js';
import { listOf, objectOf, objectsOf, textOf } from './fields.js';
import { finishReasonIn, readFinishReason } from './finish-reason.js';
import { checkAnswer } from './read-answer.js';
import { innerError, invalidAnswer, outOfResources } from './upstream-errors.js';
import { UsageReader } from './usage.js';

type Edits = ReadonlyMap<string, JsonValue | undefined>;

/** Fields that name the caller's user: the second is the first by its newer name. */
const USER_FIELDS = ['user', 'safety_identifier'] as const;

/**
 * Edits for a request that stays in this dialect: the model id, the user where only a hash may leave, and on streams `include_usage`, which accounting needs
 * whatever the client wants to see. Hosts that always report usage reject the option, so it is cut for them.
 */
export function passRequest(body: JsonObject, target: RequestTarget): Edits {
  const edits = new Map<string, JsonValue | undefined>([['model', target.endpoint.upstreamModel]]);
  if (target.hashUser !== undefined) hashUsers(body, target.hashUser, edits);
  const asked = objectOf(body['stream_options']);
  if (target.deviations.streamUsage === 'always') {
    if (asked?.['include_usage'] === undefined) return edits;
    const { include_usage: _cut, ...rest } = asked;
    return edits.set('stream_options', Object.keys(rest).length > 0 ? rest : undefined);
  }
  if (body['stream'] === true) edits.set('stream_options', { ...asked, include_usage: true });
  return edits;
}

function hashUsers(
  body: JsonObject,
  hashUser: (user: string) => string,
  edits: Map<string, JsonValue | undefined>,
): void {
  for (const field of USER_FIELDS) {
    const user = body[field] ?? null;
    if (user !== null) edits.set(field, hashUser(textOf(user) ?? JSON.stringify(user)));
  }
}

/** Edits for a JSON answer that stays in this dialect, and what was learned of it. Throws `UpstreamError` like `readAnswer`. */
export function passAnswer(
  body: JsonObject,
  origin: AnswerOrigin,
  context: AnswerContext,
): { readonly edits: Edits; readonly summary: AnswerSummary } {
  checkAnswer(body);
  const choices = objectsOf(body['choices']);
  const reader = new UsageReader(origin.deviations);
  reader.read(body);
  const usage = reader.report;
  const contentLength = choices.reduce((length, choice) => length + messageLength(objectOf(choice['message'])), 0);
  const stopReason = choices.map((choice) => stopReasonOf(choice, shapeOf(objectOf(choice['message']))))[0] ?? null;
  if (contentLength === 0 && !isMeaningfulStop(stopReason) && totalOutput(usage.usage) === 0) {
    throw invalidAnswer('nothing');
  }

  const edits = new Map<string, JsonValue | undefined>([['model', context.publicModel]]);
  const reported = objectOf(body['usage']);
  const cost = usage.present ? context.costFields(usage, contentLength) : null;
  if (reported !== undefined && cost !== null) edits.set('usage', { ...reported, ...cost });
  if (context.routing !== null) edits.set('routing', context.routing());
  const summary = {
    usage,
    stopReason,
    upstreamModel: textOf(body['model']) ?? '',
    upstreamId: textOf(body['id']) ?? '',
    serviceTier: textOf(body['service_tier']) ?? null,
    contentLength,
  };
  return { edits, summary };
}

/** A choice's neutral stop reason, null while it has none. Throws on the two finish reasons that are failures. */
export function stopReasonOf(
  choice: JsonObject,
  shape: { readonly hasCalls: boolean; readonly hasRefusal: boolean },
): StopReason | null {
  const reason = finishReasonIn(choice);
  if (reason === 'error') throw innerError(choice['error']);
  if (reason === 'insufficient_system_resource') throw outOfResources();
  if (reason === undefined) return null;
  const stopSequence = textOf(choice['stop_reason']);
  return readFinishReason(reason, { hasToolCalls: shape.hasCalls, hasRefusal: shape.hasRefusal, stopSequence });
}

function shapeOf(message: JsonObject | undefined): { readonly hasCalls: boolean; readonly hasRefusal: boolean } {
  return {
    hasCalls: listOf(message?.['tool_calls']).length > 0 || objectOf(message?.['function_call']) !== undefined,
    hasRefusal: textOf(message?.['refusal']) !== undefined,
  };
}

/** True for an end that says something even without content: cut by a limit, refused, stopped by a sequence. */
export function isMeaningfulStop(stopReason: StopReason | null): boolean {
  return stopReason !== null && stopReason !== 'end' && stopReason !== 'tool-use';
}

/** Characters of content in a message or delta; at least 1 for content that has no characters (an image). */
export function messageLength(message: JsonObject | undefined): number {
  if (message === undefined) return 0;
  const plain =
    lengthOf(message['content']) +
    lengthOf(message['refusal']) +
    (lengthOf(message['reasoning_content']) ||
      lengthOf(message['reasoning']) ||
      lengthOf(message['reasoning_details']));
  const calls = [...objectsOf(message['tool_calls']), ...objectsOf([message['function_call'] ?? null])];
  const media = listOf(message['images']).length + (objectOf(message['audio']) === undefined ? 0 : 1);
  return plain + calls.reduce((length, call) => length + callLength(call), 0) + media;
}

function lengthOf(value: JsonValue | undefined): number {
  if (typeof value === 'string') return value.length;
  return objectsOf(value).reduce(
    (length, part) => length + PART_TEXTS.reduce((sum, key) => sum + lengthOf(part[key]), 0),
    0,
  );
}

const PART_TEXTS = ['text', 'thinking', 'summary', 'data', 'image_url'] as const;

function callLength(call: JsonObject): number {
  const body = objectOf(call['function']) ?? objectOf(call['custom']) ?? call;
  const text = textOf(body['arguments']) ?? textOf(body['input']) ?? '';
  return (textOf(body['name']) ?? '').length + text.length;
}
