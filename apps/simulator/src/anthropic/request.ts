import { isJsonObject, type JsonObject } from '@switchyard/contract';
import type { Ask, AskedTool, CitedSource, PromptPiece } from '../ask.js';
import { listOf, numberOf, objectOf, objectsOf, textOf } from '../json-access.js';
import type { ReadingRules } from '../voice.js';
import { blocksOf } from './blocks.js';
import { checkMessagesRequest } from './checks.js';

/** An image is billed as so many characters' worth of tokens. */
const IMAGE_CHARACTERS = 1024;
const QUOTED_CHARACTERS = 40;

/**
 * Reads a Messages request (https://docs.claude.com/en/api/messages).
 * @throws Refusal in the vendor's words.
 */
export function readMessagesRequest(body: JsonObject, rules: ReadingRules): Ask {
  checkMessagesRequest(body, rules);
  const messages = objectsOf(body['messages']);
  const lastTurn = blocksOf(messages.at(-1)?.['content']);
  const blocks = messages.flatMap((message) => blocksOf(message['content']));
  const model = textOf(body['model']);
  return {
    model,
    stream: body['stream'] === true,
    prompt: textsOf(lastUserTurn(messages)),
    toolResults: lastTurn.filter((block) => block['type'] === 'tool_result').map((block) => resultText(block)),
    tools: toolsOf(body),
    toolChoice: toolChoiceOf(body),
    parallelTools: objectOf(body['tool_choice'])['disable_parallel_tool_use'] !== true,
    thinking: thinkingOf(body),
    outputSchema: outputSchemaOf(body),
    images: countOf(blocks, 'image'),
    documents: countOf(blocks, 'document'),
    source: sourceOf(blocks),
    stopSequences: listOf(body['stop_sequences']).map((sequence) => textOf(sequence)),
    maxTokens: numberOf(body['max_tokens']),
    promptPieces: promptPieces(body),
    cacheScope: `${rules.provider ?? ''} ${model}`,
  };
}

function lastUserTurn(messages: readonly JsonObject[]): readonly JsonObject[] {
  return blocksOf(messages.findLast((message) => message['role'] === 'user')?.['content']);
}

function textsOf(blocks: readonly JsonObject[]): string {
  return blocks
    .filter((block) => block['type'] === 'text')
    .map((block) => textOf(block['text']))
    .join('\n');
}

function resultText(block: JsonObject): string {
  return textsOf(blocksOf(block['content']));
}

function countOf(blocks: readonly JsonObject[], type: string): number {
  const inner = blocks
    .filter((block) => block['type'] === 'tool_result')
    .flatMap((block) => blocksOf(block['content']));
  return [...blocks, ...inner].filter((block) => block['type'] === type).length;
}

/** The first document that wants to be cited. Only plain text can be quoted here. */
function sourceOf(blocks: readonly JsonObject[]): CitedSource | null {
  const document = blocks.find((block) => objectOf(block['citations'])['enabled'] === true);
  if (document === undefined) return null;
  const text = textOf(objectOf(document['source'])['data']).slice(0, QUOTED_CHARACTERS);
  return { title: textOf(document['title']), text };
}

/** The tools a client runs by itself; the vendor's own (web search and the like) are never called here. */
function toolsOf(body: JsonObject): readonly AskedTool[] {
  return objectsOf(body['tools'])
    .filter((tool) => isJsonObject(tool['input_schema']) && tool['defer_loading'] !== true)
    .map((tool) => ({ name: textOf(tool['name']), kind: 'function', schema: objectOf(tool['input_schema']) }));
}

function toolChoiceOf(body: JsonObject): Ask['toolChoice'] {
  const choice = objectOf(body['tool_choice']);
  switch (choice['type']) {
    case 'none':
      return 'none';
    case 'any':
      return 'required';
    case 'tool':
      return { name: textOf(choice['name']) };
    default:
      return 'auto';
  }
}

function thinkingOf(body: JsonObject): Ask['thinking'] {
  const thinking = objectOf(body['thinking']);
  if (thinking['type'] === undefined || thinking['type'] === 'disabled') return 'off';
  return thinking['display'] === 'omitted' ? 'hidden' : 'shown';
}

function outputSchemaOf(body: JsonObject): JsonObject | null {
  const format = objectOf(objectOf(body['output_config'])['format'] ?? body['output_format']);
  return format['type'] === 'json_schema' ? objectOf(format['schema']) : null;
}

/** The prompt in cache order: tools, system, messages. A marker on the body itself stands behind the last block. */
function promptPieces(body: JsonObject): readonly PromptPiece[] {
  const turns = objectsOf(body['messages']).flatMap((message) =>
    blocksOf(message['content']).map((block) => piece(block, textOf(message['role']))),
  );
  const system = typeof body['system'] === 'string' && body['system'] === '' ? [] : blocksOf(body['system']);
  const pieces = [
    ...objectsOf(body['tools']).map((tool) => piece(tool, 'tool')),
    ...system.map((block) => piece(block, 'system')),
    ...turns,
  ];
  const last = pieces.at(-1);
  const marker = markerOf(body);
  return last === undefined || marker === undefined ? pieces : [...pieces.slice(0, -1), { marker, ...last }];
}

function piece(block: JsonObject, place: string): PromptPiece {
  const { cache_control: _marker, ...rest } = block;
  const marker = markerOf(block);
  const identity = `${place} ${JSON.stringify(rest)}`;
  return { identity, characters: charactersOf(block), ...(marker === undefined ? {} : { marker }) };
}

function markerOf(block: JsonObject): PromptPiece['marker'] {
  const control = objectOf(block['cache_control']);
  if (control['type'] !== 'ephemeral') return undefined;
  return control['ttl'] === '1h' ? '1h' : '5m';
}

function charactersOf(block: JsonObject): number {
  switch (block['type']) {
    case 'text':
      return textOf(block['text']).length;
    case 'thinking':
      return textOf(block['thinking']).length;
    case 'image':
    case 'document':
      return IMAGE_CHARACTERS;
    case 'tool_result':
      return blocksOf(block['content']).reduce((sum, inner) => sum + charactersOf(inner), 0);
    default:
      return JSON.stringify(block).length;
  }
}
