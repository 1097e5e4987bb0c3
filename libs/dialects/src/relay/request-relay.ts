import { isJsonObject } from '@switchyard/contract';
import type { JsonValue } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import type { AnswerShape, Dialect, RequestTarget } from '../dialect.js';
import type { DecodedBody } from '../json/decode-body.js';
import { spliceObject } from '../json/splice-object.js';

export interface RelayedRequest {
  readonly body: Buffer | string;
  /** What the upstream's dialect could not express; empty on the same dialect, where nothing is lost. */
  readonly dropped: readonly string[];
  /** Tool names and ids changed on the way up: sent -> original. */
  readonly renamed: ReadonlyMap<string, string>;
  /** How the answer must be reshaped for what the upstream's dialect could only imitate. */
  readonly shape?: AnswerShape;
}

const NOTHING_RENAMED: ReadonlyMap<string, string> = new Map();

/**
 * The upstream request for one attempt.
 *
 * Same dialect: the caller's own bytes with the model id replaced and Switchyard's hints cut; every other byte stays, so
 * unknown fields, key order and number spellings survive, and with them signatures and prompt-cache prefixes.
 * Other dialect: written anew from the neutral conversation, which is read once and shared by all attempts.
 */
export function relayRequest(
  client: Dialect,
  upstream: Dialect,
  body: DecodedBody,
  target: RequestTarget,
  isHintKey: (key: string) => boolean,
  conversation: () => Conversation,
): RelayedRequest {
  if (client.id === upstream.id) {
    const edits = new Map<string, JsonValue | undefined>(client.passRequest(body.json, target));
    for (const key of Object.keys(body.json)) {
      if (isHintKey(key)) edits.set(key, undefined);
    }
    return { body: spliceObject(body.bytes, body.scan, edits), dropped: [], renamed: NOTHING_RENAMED };
  }
  const written = upstream.writeRequest(withoutHints(conversation(), isHintKey), target);
  const { body: json, ...rest } = written;
  return { body: JSON.stringify(json), ...rest };
}

/** Hints end up among the extras of a conversation; they are obeyed, not dropped, so no writer may report them. */
function withoutHints(conversation: Conversation, isHintKey: (key: string) => boolean): Conversation {
  if (!isJsonObject(conversation.extras) || !Object.keys(conversation.extras).some(isHintKey)) return conversation;
  const extras = Object.fromEntries(Object.entries(conversation.extras).filter(([key]) => !isHintKey(key)));
  return { ...conversation, extras };
}
