import type { JsonObject } from '@switchyard/contract';
import type { Conversation, ServerTool, Tool, ToolChoice } from '@switchyard/conversation';
import type { RequestTarget } from '../dialect.js';
import { defined, objectOf } from './fields.js';
import type { Losses } from './losses.js';
import { expandNativeTool } from './native-tools.js';
import type { Renaming } from './renaming.js';
import { normaliseToolSchema } from './tool-schema.js';

/** `tools`, `tool_choice`, `parallel_tool_calls` and `web_search_options` of a request. */
export function writeTools(
  conversation: Conversation,
  target: RequestTarget,
  renaming: Renaming,
  losses: Losses,
): JsonObject {
  const tools = conversation.tools.flatMap((tool) => writeTool(tool, target, renaming, losses));
  const webSearch = conversation.webSearch ?? writeWebSearch(conversation.tools, target, losses);
  if (tools.length === 0) {
    if (conversation.tools.length > 0 && isForced(conversation.toolChoice)) losses.add('tool_choice');
    return defined({ web_search_options: webSearch });
  }
  const sent = new Set(tools.map((tool) => tool.name));
  return {
    tools: tools.map((tool) => tool.body),
    ...defined({
      tool_choice: writeToolChoice(conversation, target, renaming, losses, sent),
      parallel_tool_calls: conversation.parallelToolCalls,
      web_search_options: webSearch,
    }),
  };
}

interface WrittenTool {
  readonly name: string;
  readonly body: JsonObject;
}

function writeTool(tool: Tool, target: RequestTarget, renaming: Renaming, losses: Losses): readonly WrittenTool[] {
  switch (tool.kind) {
    case 'function': {
      const name = renaming.name(tool.name);
      const described = defined({ description: tool.description, strict: tool.strict });
      const declared = { name, ...described, parameters: normaliseToolSchema(tool.schema) };
      const marker = target.deviations.cacheControl === true ? tool.cacheControl : undefined;
      if (tool.cacheControl !== undefined && marker === undefined) losses.add('cache_control');
      const body: JsonObject = {
        type: 'function',
        function: declared,
        ...defined({ cache_control: writeMarker(marker) }),
      };
      return [{ name, body }];
    }
    case 'custom': {
      const name = renaming.name(tool.name);
      const custom = { name, ...defined({ description: tool.description, format: tool.format }) };
      return [{ name, body: { type: 'custom', custom } }];
    }
    case 'native': {
      const expanded = expandNativeTool(tool);
      const name = renaming.name(tool.name);
      if (expanded !== undefined) return [{ name, body: { type: 'function', function: { name, ...expanded } } }];
      losses.add(`tools.${tool.nativeType}`);
      return [];
    }
    case 'server':
      if (!tool.nativeType.startsWith(WEB_SEARCH)) losses.add(`tools.${tool.nativeType}`);
      return [];
  }
}

/** A cache marker as JSON. */
export function writeMarker(marker: Conversation['autoCache']): JsonObject | undefined {
  return marker === undefined ? undefined : { type: marker.type, ...defined({ ttl: marker.ttl }) };
}

/** Anthropic's dated names of the tool. */
const WEB_SEARCH = 'web_search';

function isWebSearch(tool: Tool): tool is ServerTool {
  return tool.kind === 'server' && tool.nativeType.startsWith(WEB_SEARCH);
}

/** Filters of Anthropic's search tool that `web_search_options` has no word for. */
const SEARCH_FILTERS = ['allowed_domains', 'blocked_domains', 'max_uses'] as const;

function writeWebSearch(tools: readonly Tool[], target: RequestTarget, losses: Losses): JsonObject | undefined {
  const tool = tools.find(isWebSearch);
  if (tool === undefined) return undefined;
  if (target.endpoint.supportedParameters?.has('web_search_options') !== true) {
    losses.add(`tools.${tool.nativeType}`);
    return undefined;
  }
  for (const filter of SEARCH_FILTERS) {
    if (tool.raw[filter] !== undefined && tool.raw[filter] !== null) losses.add(`web_search.${filter}`);
  }
  const location = objectOf(tool.raw['user_location']);
  if (location === undefined) return {};
  const { type: _approximate, ...place } = location;
  return { user_location: { type: 'approximate', approximate: place } };
}

function writeToolChoice(
  conversation: Conversation,
  target: RequestTarget,
  renaming: Renaming,
  losses: Losses,
  sent: ReadonlySet<string>,
): JsonObject[string] {
  const choice = conversation.toolChoice;
  if (choice === undefined) return undefined;
  if (isForced(choice) && !takesForcedChoice(conversation, target)) {
    losses.add('tool_choice');
    return 'auto';
  }
  const required = target.deviations.requiredToolChoice ?? 'required';
  switch (choice.mode) {
    case 'auto':
    case 'none':
      return choice.mode;
    case 'any':
      return required;
    case 'tool': {
      const name = renaming.name(choice.name);
      if (!sent.has(name)) {
        losses.add('tool_choice');
        return 'auto';
      }
      return kindOf(conversation, choice.name) === 'custom'
        ? { type: 'custom', custom: { name } }
        : { type: 'function', function: { name } };
    }
    case 'allowed': {
      const tools = choice.names.map((name) => ({ type: 'function', function: { name: renaming.name(name) } }));
      return { type: 'allowed_tools', allowed_tools: { mode: choice.required ? 'required' : 'auto', tools } };
    }
  }
}

function kindOf(conversation: Conversation, name: string): Tool['kind'] | undefined {
  return conversation.tools.find((tool) => tool.name === name)?.kind;
}

function isForced(choice: ToolChoice | undefined): boolean {
  return choice?.mode === 'any' || choice?.mode === 'tool' || (choice?.mode === 'allowed' && choice.required);
}

/** DeepSeek rejects a forced choice while it thinks. */
function takesForcedChoice(conversation: Conversation, target: RequestTarget): boolean {
  if (target.model.traits.forcedToolChoice === false) return false;
  const thinks = conversation.reasoning !== undefined && conversation.reasoning.mode !== 'off';
  return !(thinks && target.deviations.reasoningRequest === 'thinking');
}
