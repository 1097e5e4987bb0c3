import type { JsonObject, JsonValue } from '@switchyard/contract';
import { fold } from '@switchyard/conversation';
import type { Answer } from '@switchyard/conversation';
import type { AnswerOrigin } from '../dialect.js';
import { AnswerAssembler } from './answer-assembler.js';
import { objectOf, objectsOf } from './fields.js';
import { errorInBody, invalidAnswer } from './upstream-errors.js';

/** Reads a `chat.completion`: one chunk that holds everything, so that both forms of an answer mean the same. */
export function readAnswer(body: JsonObject, origin: AnswerOrigin): Answer {
  checkAnswer(body);
  const assembler = new AnswerAssembler(origin);
  const events = assembler.chunk({ ...body, choices: objectsOf(body['choices']).map(withIndexedCalls) });
  return fold([...events, ...assembler.end('terminated')]);
}

/** Throws `UpstreamError` when the body is an error or has no choices. */
export function checkAnswer(body: JsonObject): void {
  const error = errorInBody(body);
  if (error !== null) throw error;
  if (objectsOf(body['choices']).length === 0) throw invalidAnswer('JSON that is not a chat completion');
}

/**
 * In a whole message each element of `tool_calls` is a call of its own, whatever its index says; an id that was already
 * given is taken away, so that the call gets one of its own.
 */
function withIndexedCalls(choice: JsonObject): JsonObject {
  const message = objectOf(choice['message']);
  if (message === undefined || !Array.isArray(message['tool_calls'])) return choice;
  const taken = new Set<JsonValue | undefined>();
  const calls = objectsOf(message['tool_calls']).map((call, index) => {
    const id = taken.has(call['id']) ? '' : call['id'];
    taken.add(id);
    return { ...call, id, index };
  });
  return { ...choice, message: { ...message, tool_calls: calls } };
}
