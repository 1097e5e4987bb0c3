import type { JsonObject } from '@switchyard/contract';
import type { Tool, ToolChoice } from '@switchyard/conversation';
import { booleanField, objectField, optional, textField } from './json-fields.js';
import { readCacheControl } from './read-blocks.js';

/** Anthropic's tools without a schema in the request that the client runs itself; every other named type runs at the provider. */
const CLIENT_RUN = /^(?:bash|text_editor|memory|computer|browser_toolset|computer_toolset)_/;

/** Fields of a custom tool that only Anthropic's API knows; named when a translation loses them. */
const ANTHROPIC_ONLY = ['defer_loading', 'eager_input_streaming', 'input_examples', 'allowed_callers'];

export function readTool(tool: JsonObject): Tool {
  const nativeType = textField(tool, 'type') ?? 'custom';
  const name = textField(tool, 'name') ?? '';
  if (nativeType !== 'custom') {
    return { kind: CLIENT_RUN.test(nativeType) ? 'native' : 'server', nativeType, name, raw: tool };
  }
  // Neither a name nor a known type: nothing that could be called.
  if (name === '') return { kind: 'server', nativeType: 'unknown', name, raw: tool };
  return {
    kind: 'function',
    name,
    ...optional('description', textField(tool, 'description')),
    ...optional('schema', objectField(tool, 'input_schema')),
    ...optional('strict', booleanField(tool, 'strict')),
    ...optional('cacheControl', readCacheControl(tool)),
  };
}

/** Tool fields that have no word in a conversation, by the path they are reported under (`tools.defer_loading`). */
export function unreadToolFields(tools: readonly JsonObject[]): JsonObject {
  const found = ANTHROPIC_ONLY.filter((field) =>
    tools.some((tool) => tool[field] !== undefined && tool[field] !== null),
  );
  return Object.fromEntries(found.map((field) => [`tools.${field}`, true]));
}

export function readToolChoice(choice: JsonObject | undefined): ToolChoice | undefined {
  const name = choice && textField(choice, 'name');
  switch (choice?.['type']) {
    case 'auto':
      return { mode: 'auto' };
    case 'any':
      return { mode: 'any' };
    case 'none':
      return { mode: 'none' };
    case 'tool':
      return name === undefined ? { mode: 'any' } : { mode: 'tool', name };
    default:
      return undefined;
  }
}
