import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Block, Message, TextBlock, ToolCallBlock } from '@switchyard/conversation';
import { defined, objectOf, objectsOf, textOf } from './fields.js';
import { isText, readContent } from './read-parts.js';
import { readReasoningDetails } from './reasoning-details.js';

/** Under which origin proofs in a client's history are kept that no table knows and no tag names: nobody's. */
const UNKNOWN_ORIGIN = 'unknown';

export interface ReadMessages {
  readonly system: readonly TextBlock[];
  readonly messages: readonly Message[];
}

/**
 * Leading system and developer messages become system blocks, later ones stay in place. Tool messages that follow each
 * other, and the user message after them, are one user turn, as other protocols want the results of a turn together.
 */
export function readMessages(raw: readonly JsonObject[]): ReadMessages {
  const system: TextBlock[] = [];
  const messages: Message[] = [];
  const functions = new LegacyCalls();
  raw.forEach((message, index) => {
    switch (message['role']) {
      case 'system':
      case 'developer': {
        const texts = instructions(message, index);
        if (messages.length === 0) system.push(...texts);
        else if (texts.length > 0) messages.push({ role: 'system', content: texts });
        return;
      }
      case 'assistant':
        messages.push(named(message, { role: 'assistant', content: readAssistant(message, functions) }));
        return;
      case 'tool':
        appendResult(messages, textOf(message['tool_call_id']) ?? '', message);
        return;
      case 'function':
        appendResult(messages, functions.idOf(textOf(message['name']) ?? ''), message);
        return;
      default:
        appendUser(messages, message);
    }
  });
  return { system, messages };
}

function instructions(message: JsonObject, index: number): readonly TextBlock[] {
  const blocks = readContent(message['content']);
  const texts = blocks.filter(isText);
  if (texts.length < blocks.length) {
    const param = `messages.${index}.content`;
    throw new GatewayError('invalid_request', `${param}: instructions take text parts only.`, { param });
  }
  return texts;
}

function readAssistant(message: JsonObject, functions: LegacyCalls): readonly Block[] {
  const refusal = textOf(message['refusal']);
  const audio = objectOf(message['audio']);
  const legacy = objectOf(message['function_call']);
  return [
    ...readReasoning(message),
    ...readContent(message['content']),
    ...(refusal === undefined ? [] : [{ type: 'refusal' as const, text: refusal }]),
    ...objectsOf(message['images']).flatMap((image) => readContent([image])),
    ...(audio === undefined
      ? []
      : [{ type: 'opaque' as const, dialect: 'openai-chat' as const, name: 'audio', raw: audio }]),
    ...objectsOf(message['tool_calls']).map(readCall),
    ...(legacy === undefined ? [] : [functions.read(legacy)]),
  ];
}

/** Signed entries first of all; a plain field is the text of an entry that came without one, or all there is. */
function readReasoning(message: JsonObject): readonly Block[] {
  const plain = textOf(message['reasoning_content']) ?? textOf(message['reasoning']);
  const details = readReasoningDetails(message['reasoning_details'], UNKNOWN_ORIGIN);
  if (details.length === 0) return plain === undefined ? [] : [{ type: 'thinking', text: plain }];
  const unspoken = details.every((detail) => detail.text === '') ? plain : undefined;
  const blocks: Block[] = [];
  for (const { kind, text, signature } of details) {
    if (kind !== 'encrypted') {
      blocks.push({ type: 'thinking', text: text === '' ? (unspoken ?? '') : text, ...defined({ signature }) });
    } else if (signature !== undefined) {
      blocks.push({ type: 'redacted-thinking', data: signature });
    }
  }
  return blocks;
}

function readCall(call: JsonObject): ToolCallBlock {
  const custom = objectOf(call['custom']);
  const body = custom ?? objectOf(call['function']) ?? {};
  const text = body[custom === undefined ? 'arguments' : 'input'];
  return {
    type: 'tool-call',
    id: textOf(call['id']) ?? '',
    name: textOf(body['name']) ?? '',
    arguments: typeof text === 'object' && text !== null ? JSON.stringify(text) : (textOf(text) ?? ''),
    kind: custom === undefined ? 'function' : 'custom',
  };
}

/** The deprecated function messages name their function, not a call: ids are made up and matched by the latest of a name. */
class LegacyCalls {
  private readonly latest = new Map<string, string>();
  private count = 0;

  read(call: JsonObject): ToolCallBlock {
    const name = textOf(call['name']) ?? '';
    const id = `call_function_${++this.count}`;
    this.latest.set(name, id);
    return { type: 'tool-call', id, name, arguments: textOf(call['arguments']) ?? '', kind: 'function' };
  }

  idOf(name: string): string {
    return this.latest.get(name) ?? `call_function_${name}`;
  }
}

function appendResult(messages: Message[], callId: string, message: JsonObject): void {
  const result: Block = { type: 'tool-result', callId, content: readContent(message['content']), isError: false };
  const last = messages.at(-1);
  if (last !== undefined && isResults(last))
    messages[messages.length - 1] = { ...last, content: [...last.content, result] };
  else messages.push({ role: 'user', content: [result] });
}

function appendUser(messages: Message[], message: JsonObject): void {
  const content = readContent(message['content']);
  const last = messages.at(-1);
  if (last !== undefined && isResults(last) && message['name'] === undefined) {
    messages[messages.length - 1] = { ...last, content: [...last.content, ...content] };
  } else {
    messages.push(named(message, { role: 'user', content }));
  }
}

/** True for a user turn that holds tool results and nothing else yet. */
function isResults(message: Message): boolean {
  return (
    message.role === 'user' && message.content.length > 0 && message.content.every((b) => b.type === 'tool-result')
  );
}

function named(raw: JsonObject, message: Message): Message {
  const name = textOf(raw['name']);
  return name === undefined ? message : { ...message, name };
}
