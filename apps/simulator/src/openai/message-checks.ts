import type { JsonObject } from '@switchyard/contract';
import { objectOf, objectsOf, textOf } from '../json-access.js';
import type { Signer } from '../signature.js';
import { invalid, tooLong } from './refusals.js';

const ROLES = ['system', 'assistant', 'user', 'function', 'tool', 'developer'];
const PART_TYPES = ['text', 'image_url', 'input_audio', 'file', 'refusal', 'thinking'];
const MAX_CALL_ID = 40;

/** @throws Refusal for messages that the Chat Completions API would not take, in its own words. */
export function checkChatMessages(body: JsonObject, signer: Signer): void {
  const messages = objectsOf(body['messages']);
  if (body['messages'] === undefined) {
    throw invalid("Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter');
  }
  if (messages.length === 0) {
    throw invalid(
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'messages',
      'empty_array',
    );
  }
  let open: readonly string[] = [];
  for (const [index, message] of messages.entries()) {
    checkShape(message, index);
    checkReasoning(message, index, signer);
    open = afterMessage(message, index, open);
  }
  if (open.length > 0) throw unanswered(open, messages.length);
}

function checkShape(message: JsonObject, index: number): void {
  const role = textOf(message['role']);
  if (!ROLES.includes(role)) {
    const supported = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'";
    const path = `messages[${index}].role`;
    throw invalid(`Invalid value: '${role}'. Supported values are: ${supported}.`, path, 'invalid_value');
  }
  const content = message['content'] ?? null;
  const calls = objectsOf(message['tool_calls']);
  const mayBeEmpty = role === 'assistant' && (calls.length > 0 || message['refusal'] !== undefined);
  if (content === null && !mayBeEmpty && message['function_call'] === undefined) {
    const path = `messages[${index}].content`;
    throw invalid(`Invalid value for 'content': expected a string, got null.`, path);
  }
  for (const part of objectsOf(content)) checkPart(part, role, index);
  for (const [at, call] of calls.entries()) checkCall(call, `messages[${index}].tool_calls[${at}]`);
}

function checkPart(part: JsonObject, role: string, index: number): void {
  const type = textOf(part['type']);
  const allowed = role === 'user' || role === 'assistant' ? PART_TYPES : ['text'];
  if (allowed.includes(type)) return;
  const supported = allowed.map((name) => `'${name}'`).join(', ');
  const path = `messages[${index}].content`;
  throw invalid(`Invalid value: '${type}'. Supported values are: ${supported}.`, path, 'invalid_value');
}

function checkCall(call: JsonObject, path: string): void {
  const id = textOf(call['id']);
  if (id.length > MAX_CALL_ID) throw tooLong('string', `${path}.id`, MAX_CALL_ID, id.length);
  const described = objectOf(call['function']);
  if (call['type'] !== 'custom' && typeof described['arguments'] !== 'string') {
    throw invalid(
      `Invalid type for '${path}.function.arguments': expected a string, but got an object instead.`,
      `${path}.function.arguments`,
      'invalid_type',
    );
  }
}

/** Reasoning with a signature (OpenRouter's `reasoning_details`) is taken back only as it was given. */
function checkReasoning(message: JsonObject, index: number, signer: Signer): void {
  for (const detail of objectsOf(message['reasoning_details'])) {
    if (detail['signature'] === undefined || detail['signature'] === null) continue;
    if (signer.verify(textOf(detail['text']), textOf(detail['signature']))) continue;
    throw invalid('Invalid signature in reasoning_details', `messages[${index}].reasoning_details`);
  }
}

/** Follows the calls that still wait for their tool message. */
function afterMessage(message: JsonObject, index: number, open: readonly string[]): readonly string[] {
  if (message['role'] === 'tool') {
    const id = textOf(message['tool_call_id']);
    if (open.includes(id)) return open.filter((other) => other !== id);
    throw invalid(
      "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
      `messages.[${index}].role`,
    );
  }
  if (open.length > 0) throw unanswered(open, index);
  return objectsOf(message['tool_calls']).map((call) => textOf(call['id']));
}

function unanswered(open: readonly string[], index: number): Error {
  return invalid(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${open.join(', ')}`,
    `messages.[${index}].role`,
  );
}
