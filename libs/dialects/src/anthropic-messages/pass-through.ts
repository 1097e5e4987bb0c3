import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { AnswerContext, AnswerSummary, RequestTarget } from '../dialect.js';
import { decodeSignature, isTagged } from '../signature.js';
import { isMadeUp } from './citations.js';
import { arrayField, objectsField, textField } from './json-fields.js';
import { readAnswerHead } from './read-answer.js';

type Edits = ReadonlyMap<string, JsonValue | undefined>;

/**
 * Edits for a request that stays in this dialect: the model id, the user where only a hash may leave, and nothing else of
 * the caller's. Not the caller's are
 * the stand-ins that Switchyard put into earlier answers of other providers, which Anthropic's API would refuse:
 * signatures with Switchyard's tag, whose blocks are taken out, or restored where the target is their origin, and
 * citations made up for foreign ones.
 */
export function passRequest(body: JsonObject, target: RequestTarget): Edits {
  const edits = new Map<string, JsonValue | undefined>([['model', target.endpoint.upstreamModel]]);
  const messages = arrayField(body, 'messages');
  const origin = target.deviations.signatureOrigin ?? target.origin;
  const kept = messages.map((message) => withoutStandIns(message, origin));
  if (kept.some((message, index) => message !== messages[index])) {
    edits.set(
      'messages',
      kept.filter((message) => message !== null),
    );
  }
  const metadata = body['metadata'];
  const user = isJsonObject(metadata) ? (metadata['user_id'] ?? null) : null;
  if (target.hashUser !== undefined && isJsonObject(metadata) && user !== null) {
    const text = typeof user === 'string' ? user : JSON.stringify(user);
    edits.set('metadata', { ...metadata, user_id: target.hashUser(text) });
  }
  return edits;
}

/** The very same message when it holds no stand-in; null when it held nothing else. */
function withoutStandIns(message: JsonValue, origin: string): JsonValue | null {
  if (!isJsonObject(message) || message['role'] !== 'assistant') return message;
  const blocks = arrayField(message, 'content');
  const kept = blocks.map((block) => (isJsonObject(block) ? withoutStandIn(block, origin) : block));
  if (kept.every((block, index) => block === blocks[index])) return message;
  const content = kept.filter((block) => block !== null);
  return content.length === 0 ? null : { ...message, content };
}

function withoutStandIn(block: JsonObject, origin: string): JsonObject | null {
  switch (block['type']) {
    case 'thinking':
      return withOwnSignature(block, 'signature', origin);
    case 'redacted_thinking':
      return withOwnSignature(block, 'data', origin);
    case 'text': {
      const citations = objectsField(block, 'citations');
      if (!citations.some(isMadeUp)) return block;
      const { citations: _all, ...rest } = block;
      const own = citations.filter((citation) => !isMadeUp(citation));
      return own.length === 0 ? rest : { ...rest, citations: own };
    }
    default:
      return block;
  }
}

function withOwnSignature(block: JsonObject, key: 'signature' | 'data', origin: string): JsonObject | null {
  const text = textField(block, key) ?? '';
  if (!isTagged(text)) return block;
  const signature = decodeSignature(text);
  return signature.origin === origin && signature.value !== '' ? { ...block, [key]: signature.value } : null;
}

/** Edits for a JSON answer that stays in this dialect, and what was learned of it. Throws `UpstreamError` like `readAnswer`. */
export function passAnswer(
  body: JsonObject,
  context: AnswerContext,
): { readonly edits: Edits; readonly summary: AnswerSummary } {
  const head = readAnswerHead(body);
  const edits = new Map<string, JsonValue | undefined>([['model', context.publicModel]]);
  const length = head.blocks.reduce((sum, block) => sum + contentLength(block), 0);
  const costs = context.costFields(head.usage, length);
  if (costs !== null) edits.set('usage', { ...(isJsonObject(body['usage']) ? body['usage'] : {}), ...costs });
  if (context.compatNaga) edits.set('created', context.createdS);
  if (context.routing) edits.set('routing', context.routing());
  const summary: AnswerSummary = {
    usage: head.usage,
    stopReason: head.stopReason,
    upstreamModel: head.model,
    upstreamId: head.id,
    serviceTier: head.serviceTier ?? null,
    contentLength: length,
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
