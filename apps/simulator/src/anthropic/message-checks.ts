import { isJsonObject, type JsonObject } from '@switchyard/contract';
import { objectOf, objectsOf, textOf } from '../json-access.js';
import type { Signer } from '../signature.js';
import { blocksOf } from './blocks.js';
import { invalid } from './refusals.js';

const TOOL_USE_ID = /^[a-zA-Z0-9_-]+$/;
const MEDIA_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];
const MODELS_WITH_SYSTEM_TURNS = /(opus|sonnet|haiku|fable)-5|opus-4[-.]8/;

const BLOCK_TYPES = new Set(
  (
    'text image document search_result thinking redacted_thinking tool_use tool_result server_tool_use ' +
    'web_search_tool_result web_fetch_tool_result code_execution_tool_result bash_code_execution_tool_result ' +
    'text_editor_code_execution_tool_result tool_search_tool_result container_upload mcp_tool_use mcp_tool_result ' +
    'compaction fallback'
  ).split(' '),
);

/** One block and where it stands, as the vendor's messages name it. */
interface PlacedBlock {
  readonly block: JsonObject;
  readonly path: string;
}

/** Neighbouring messages of one role are one turn. */
interface Turn {
  readonly role: string;
  readonly index: number;
  readonly blocks: readonly PlacedBlock[];
}

/** @throws Refusal for messages that the Messages API would not take, in its own words. */
export function checkMessages(body: JsonObject, signer: Signer): void {
  const messages = objectsOf(body['messages']);
  checkRoles(messages, textOf(body['model']));
  const turns = turnsOf(messages);
  for (const [place, turn] of turns.entries()) {
    for (const placed of turn.blocks) checkBlock(placed, turn.role, signer);
    checkToolUses(turn, turns[place + 1]);
    checkToolResults(turn, turns[place - 1]);
  }
  const ids = turns.flatMap((turn) => toolUseIds(turn));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw invalid('messages: `tool_use` ids must be unique');
  checkLastTurn(body, turns);
}

function checkRoles(messages: readonly JsonObject[], model: string): void {
  const [first] = messages;
  if (first === undefined) throw invalid('messages: at least one message is required');
  for (const [index, message] of messages.entries()) {
    const role = message['role'];
    if (role === 'system' && !MODELS_WITH_SYSTEM_TURNS.test(model)) {
      throw invalid(
        'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
      );
    }
    if (role !== 'user' && role !== 'assistant' && role !== 'system') {
      throw invalid(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    }
    if (message['content'] === undefined) throw invalid(`messages.${index}.content: Field required`);
    const empty = blocksOf(message['content']).length === 0 || message['content'] === '';
    if (empty && !(role === 'assistant' && index === messages.length - 1)) {
      throw invalid(
        `messages.${index}: all messages must have non-empty content except for the optional final assistant message`,
      );
    }
  }
  if (first['role'] !== 'user') throw invalid('messages: first message must use the "user" role');
}

function turnsOf(messages: readonly JsonObject[]): readonly Turn[] {
  const turns: { role: string; index: number; blocks: PlacedBlock[] }[] = [];
  for (const [index, message] of messages.entries()) {
    const blocks = blocksOf(message['content']).map((block, at) => ({
      block,
      path: `messages.${index}.content.${at}`,
    }));
    const last = turns.at(-1);
    if (last !== undefined && last.role === message['role']) last.blocks.push(...blocks);
    else turns.push({ role: textOf(message['role']), index, blocks });
  }
  return turns;
}

function checkBlock({ block, path }: PlacedBlock, role: string, signer: Signer): void {
  const type = textOf(block['type']);
  if (!BLOCK_TYPES.has(type)) {
    throw invalid(`${path}: Input tag '${type}' found using 'type' does not match any of the expected tags`);
  }
  switch (type) {
    case 'text':
      if (textOf(block['text']) === '') throw invalid('messages: text content blocks must be non-empty');
      if (role === 'user' && textOf(block['text']).trim() === '') {
        throw invalid('messages: text content blocks must contain non-whitespace text');
      }
      return;
    case 'image':
      checkImage(block, path);
      return;
    case 'tool_use':
      if (!TOOL_USE_ID.test(textOf(block['id']))) {
        throw invalid(`${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
      }
      if (!isJsonObject(block['input'])) throw invalid(`${path}.tool_use.input: Input should be a valid dictionary`);
      return;
    case 'tool_result':
      for (const inner of blocksOf(block['content'])) if (inner['type'] === 'image') checkImage(inner, path);
      return;
    default:
      checkThinkingBlock(block, path, signer);
  }
}

function checkThinkingBlock(block: JsonObject, path: string, signer: Signer): void {
  if (block['type'] === 'thinking') {
    if (block['signature'] === undefined) throw invalid(`${path}.thinking.signature: Field required`);
    if (!signer.verify(textOf(block['thinking']), textOf(block['signature']))) {
      throw invalid(`${path}: Invalid \`signature\` in \`thinking\` block`);
    }
  }
  if (block['type'] === 'redacted_thinking' && !signer.verify('', textOf(block['data']))) {
    throw invalid(`${path}: Invalid \`data\` in \`redacted_thinking\` block`);
  }
}

function checkImage(block: JsonObject, path: string): void {
  const source = objectOf(block['source']);
  if (source['type'] !== 'base64') return;
  if (!MEDIA_TYPES.includes(textOf(source['media_type']))) {
    throw invalid(
      `${path}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`,
    );
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(textOf(source['data']))) {
    throw invalid(`${path}.image.source.base64: invalid base64 data`);
  }
}

function toolUseIds(turn: Turn | undefined): readonly string[] {
  const uses = turn?.blocks.filter(({ block }) => block['type'] === 'tool_use') ?? [];
  return uses.map(({ block }) => textOf(block['id']));
}

/** Every call is answered at the very start of the next turn. */
function checkToolUses(turn: Turn, next: Turn | undefined): void {
  if (turn.role !== 'assistant') return;
  const answers = next?.blocks ?? [];
  const others = answers.findIndex(({ block }) => block['type'] !== 'tool_result');
  const leading = others === -1 ? answers : answers.slice(0, others);
  const answered = new Set(leading.map(({ block }) => block['tool_use_id']));
  const open = toolUseIds(turn).filter((id) => !answered.has(id));
  if (open.length === 0) return;
  throw invalid(
    `messages.${turn.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. ` +
      'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  );
}

function checkToolResults(turn: Turn, previous: Turn | undefined): void {
  const asked = new Set(toolUseIds(previous));
  for (const { block, path } of turn.blocks) {
    const id = textOf(block['tool_use_id']);
    if (block['type'] !== 'tool_result' || asked.has(id)) continue;
    throw invalid(
      `${path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. ` +
        'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
    );
  }
}

function checkLastTurn(body: JsonObject, turns: readonly Turn[]): void {
  const last = turns.at(-1);
  const lastBlock = last?.blocks.at(-1)?.block;
  if (last?.role === 'assistant' && /\s$/.test(textOf(lastBlock?.['text']))) {
    throw invalid('messages: final assistant content cannot end with trailing whitespace');
  }
  if (objectOf(body['thinking'])['type'] !== 'enabled') return;
  const answering = last?.blocks.some(({ block }) => block['type'] === 'tool_result') === true;
  const [start] = (answering ? turns.at(-2)?.blocks : []) ?? [];
  if (start === undefined || ['thinking', 'redacted_thinking'].includes(textOf(start.block['type']))) return;
  throw invalid(
    `${start.path}.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${textOf(start.block['type'])}\`. ` +
      'When `thinking` is enabled, a final `assistant` message must start with a thinking block ' +
      '(preceeding the lastmost set of `tool_use` and `tool_result` blocks).',
  );
}
