import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { AnswerContext, AnswerSummary, RequestTarget } from '../dialect.js';
import { decodeSignature, isTagged } from '../signature.js';
import { arrayField, textField } from './json-fields.js';
import { readAnswerHead } from './read-answer.js';

type Edits = ReadonlyMap<string, JsonValue | undefined>;

/**
 * Edits for a request that stays in this dialect: the model id, and nothing else of the caller's. Signatures with
 * Switchyard's own tag are not the caller's: they prove reasoning of another provider, earlier in the conversation, and
 * Anthropic's API would refuse them. Their blocks are taken out, or restored where the target is their origin.
 */
export function passRequest(body: JsonObject, target: RequestTarget): Edits {
  const edits = new Map<string, JsonValue | undefined>([['model', target.endpoint.upstreamModel]]);
  const messages = arrayField(body, 'messages');
  if (!messages.some(hasTaggedBlock)) return edits;
  const origin = target.deviations.signatureOrigin ?? target.origin;
  const kept = messages
    .map((message) => (isJsonObject(message) ? withoutForeignReasoning(message, origin) : message))
    .filter((message) => message !== null);
  edits.set('messages', kept);
  return edits;
}

function hasTaggedBlock(message: JsonValue): boolean {
  return (
    isJsonObject(message) &&
    message['role'] === 'assistant' &&
    arrayField(message, 'content').some((block) => taggedKey(block) !== null)
  );
}

/** The field of a reasoning block that holds a tagged string; null for any other block. */
function taggedKey(block: JsonValue): 'signature' | 'data' | null {
  if (!isJsonObject(block)) return null;
  if (block['type'] === 'thinking' && isTagged(textField(block, 'signature') ?? '')) return 'signature';
  return block['type'] === 'redacted_thinking' && isTagged(textField(block, 'data') ?? '') ? 'data' : null;
}

/** Null when nothing is left of the message. */
function withoutForeignReasoning(message: JsonObject, origin: string): JsonObject | null {
  if (!hasTaggedBlock(message)) return message;
  const content = arrayField(message, 'content').flatMap((block): readonly JsonValue[] => {
    const key = taggedKey(block);
    if (key === null || !isJsonObject(block)) return [block];
    const signature = decodeSignature(textField(block, key) ?? '');
    return signature.origin === origin && signature.value !== '' ? [{ ...block, [key]: signature.value }] : [];
  });
  return content.length === 0 ? null : { ...message, content };
}

/** Edits for a JSON answer that stays in this dialect, and what was learned of it. Throws `UpstreamError` like `readAnswer`. */
export function passAnswer(
  body: JsonObject,
  context: AnswerContext,
): { readonly edits: Edits; readonly summary: AnswerSummary } {
  const head = readAnswerHead(body);
  const edits = new Map<string, JsonValue | undefined>([['model', context.publicModel]]);
  const costs = context.costFields(head.usage.usage);
  if (costs !== null) edits.set('usage', { ...(isJsonObject(body['usage']) ? body['usage'] : {}), ...costs });
  if (context.compatNaga) edits.set('created', context.createdS);
  if (context.routing) edits.set('routing', context.routing());
  const summary: AnswerSummary = {
    usage: head.usage,
    stopReason: head.stopReason,
    upstreamModel: head.model,
    upstreamId: head.id,
    serviceTier: head.serviceTier ?? null,
    contentLength: head.blocks.reduce((length, block) => length + contentLength(block), 0),
  };
  return { edits, summary };
}

/** Characters of generated content in a block. */
export function contentLength(block: JsonObject): number {
  const written = ['text', 'thinking', 'name'].reduce(
    (length, key) => length + (textField(block, key)?.length ?? 0),
    0,
  );
  return block['input'] === undefined ? written : written + JSON.stringify(block['input']).length;
}
