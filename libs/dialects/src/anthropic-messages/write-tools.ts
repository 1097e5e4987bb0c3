import type { JsonObject } from '@switchyard/contract';
import type { Conversation, CustomTool, FunctionTool, Tool } from '@switchyard/conversation';
import { inputSchema } from './input-schema.js';
import { objectField, optional, textField } from './json-fields.js';
import type { RequestNotes } from './request-notes.js';
import { sentToolName } from './tool-names.js';
import { writeCacheControl } from './write-blocks.js';
import type { Draft } from './write-turns.js';

/** Provider-run and schema-less tools of this protocol carry the date of their version, but for a few. */
const ANTHROPIC_TOOL_TYPE = /^[a-z][a-z0-9_]*_\d{8}$|^mcp_toolset$|^octen_search$/;
const WEB_SEARCH_TYPE = 'web_search_20250305';

export interface WrittenTools {
  readonly tools: Draft[];
  /** Names, as sent, of the tools whose argument is plain text. */
  readonly customTools: readonly string[];
}

export function writeTools(conversation: Conversation, notes: RequestNotes): WrittenTools {
  const offered = offeredTools(conversation);
  const tools = offered.map((tool) => writeTool(tool, notes)).filter((tool) => tool !== undefined);
  const hasSearch = tools.some((tool) => textField(tool, 'type')?.startsWith('web_search_') === true);
  if (conversation.webSearch && !hasSearch) tools.push(writeWebSearch(conversation.webSearch, notes));
  const custom = offered.filter((tool) => tool.kind === 'custom');
  return { tools, customTools: custom.map((tool) => sentToolName(tool.name, notes)) };
}

/** `allowed_tools` has no form here; leaving out the tools that are not allowed says the same. */
function offeredTools(conversation: Conversation): readonly Tool[] {
  const choice = conversation.toolChoice;
  if (choice?.mode !== 'allowed') return conversation.tools;
  return conversation.tools.filter((tool) => choice.names.includes(tool.name));
}

function writeTool(tool: Tool, notes: RequestNotes): Draft | undefined {
  switch (tool.kind) {
    case 'function':
      return writeFunction(tool, notes);
    case 'custom':
      return writeCustom(tool, notes);
    case 'native':
    case 'server':
      if (ANTHROPIC_TOOL_TYPE.test(tool.nativeType)) return { ...tool.raw };
      notes.drop(`tools.${tool.nativeType}`);
      return undefined;
  }
}

function writeFunction(tool: FunctionTool, notes: RequestNotes): Draft {
  const { schema, loosened } = inputSchema(tool.schema);
  const { model, deviations } = notes.target;
  if (loosened) notes.drop('tools.parameters');
  const strict = tool.strict === true && model.traits.jsonSchema !== false && deviations.jsonSchema !== false;
  if (tool.strict === true && !strict) notes.drop('tools.strict');
  const keepsCache = deviations.cacheControl !== false;
  if (tool.cacheControl && !keepsCache) notes.drop('cache_control');
  return {
    name: sentToolName(tool.name, notes),
    ...optional('description', tool.description),
    input_schema: schema,
    ...(strict && { strict }),
    ...(keepsCache && writeCacheControl(tool.cacheControl)),
  };
}

/** A free-form tool as one with a single text argument; a grammar can only be told, not enforced. */
function writeCustom(tool: CustomTool, notes: RequestNotes): Draft {
  const grammar = tool.format?.['type'] === 'grammar' ? grammarOf(tool.format) : undefined;
  if (grammar !== undefined) notes.drop('tools.custom.format');
  const description = [tool.description, grammar].filter((part) => part !== undefined).join('\n\n');
  return {
    name: sentToolName(tool.name, notes),
    ...optional('description', description === '' ? undefined : description),
    input_schema: {
      type: 'object',
      properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
      required: ['input'],
      additionalProperties: false,
    },
  };
}

function grammarOf(format: JsonObject): string {
  const grammar = objectField(format, 'grammar') ?? format;
  const syntax = textField(grammar, 'syntax') ?? 'following';
  return `The input must match this ${syntax} grammar:\n${textField(grammar, 'definition') ?? ''}`;
}

/** OpenAI's `web_search_options` as Anthropic's search tool. */
function writeWebSearch(options: JsonObject, notes: RequestNotes): Draft {
  const location = objectField(options, 'user_location');
  const place = location && (objectField(location, 'approximate') ?? location);
  if (options['search_context_size'] !== undefined) notes.drop('web_search_options.search_context_size');
  return {
    type: WEB_SEARCH_TYPE,
    name: 'web_search',
    ...optional('user_location', place && { ...place, type: 'approximate' }),
  };
}

/**
 * `tool_choice` for the tools that are offered. With thinking on, Anthropic refuses to be forced, so a forced choice
 * becomes `auto` (and is named as lost).
 */
export function writeToolChoice(
  conversation: Conversation,
  thinkingOn: boolean,
  notes: RequestNotes,
): JsonObject | undefined {
  const choice = conversation.toolChoice;
  const wanted = writeMode(conversation, notes);
  const isForced = wanted?.['type'] === 'any' || wanted?.['type'] === 'tool';
  const mayForce = !thinkingOn && notes.target.model.traits.forcedToolChoice !== false;
  if (isForced && !mayForce) notes.drop('tool_choice');
  const granted: JsonObject | undefined = isForced && !mayForce ? { type: 'auto' } : wanted;
  if (conversation.parallelToolCalls !== false || choice?.mode === 'none') return granted;
  return { ...(granted ?? { type: 'auto' }), disable_parallel_tool_use: true };
}

function writeMode(conversation: Conversation, notes: RequestNotes): JsonObject | undefined {
  const choice = conversation.toolChoice;
  if (!choice) return undefined;
  switch (choice.mode) {
    case 'tool':
      return { type: 'tool', name: sentToolName(choice.name, notes) };
    case 'allowed':
      return { type: choice.required ? 'any' : 'auto' };
    case 'auto':
    case 'any':
    case 'none':
      return { type: choice.mode };
  }
}
