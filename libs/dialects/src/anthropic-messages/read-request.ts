import type { JsonObject } from '@switchyard/contract';
import type { Conversation, Message, Reasoning, ResponseFormat, TextBlock } from '@switchyard/conversation';
import { ANTHROPIC_ORIGIN } from '../signature.js';
import {
  arrayField,
  booleanField,
  numberField,
  objectField,
  objectsField,
  optional,
  textField,
} from './json-fields.js';
import { readCacheControl, readContent } from './read-blocks.js';
import { readTool, readToolChoice, unreadToolFields } from './read-tools.js';

/** Top-level fields that have a word in a conversation; any other goes to `extras` under its own name. */
const KNOWN = new Set([
  'model',
  'max_tokens',
  'messages',
  'system',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'tools',
  'tool_choice',
  'output_config',
  'output_format',
  'cache_control',
  'metadata',
  'service_tier',
]);
const KNOWN_OUTPUT_CONFIG = new Set(['effort', 'format']);
const THINKING_MODES = new Map<unknown, Reasoning['mode']>([
  ['enabled', 'on'],
  ['adaptive', 'adaptive'],
  ['disabled', 'off'],
  // Thinks only after tool results: of what other protocols can ask for, off comes closest.
  ['between_tools', 'off'],
]);

/** Reads a request whose envelope `readFacts` has checked; a malformed one yields a poorer conversation, never an exception. */
export function readRequest(body: JsonObject): Conversation {
  const outputConfig = objectField(body, 'output_config') ?? {};
  const choice = objectField(body, 'tool_choice');
  const metadata = objectField(body, 'metadata') ?? {};
  const { user_id: endUser, ...otherMetadata } = metadata;
  return {
    model: textField(body, 'model') ?? '',
    system: readSystem(body),
    messages: objectsField(body, 'messages').map(readMessage),
    tools: objectsField(body, 'tools').map(readTool),
    ...optional('toolChoice', readToolChoice(choice)),
    ...optional('parallelToolCalls', choice?.['disable_parallel_tool_use'] === true ? false : undefined),
    ...optional('maxOutputTokens', numberField(body, 'max_tokens')),
    ...optional('temperature', numberField(body, 'temperature')),
    ...optional('topP', numberField(body, 'top_p')),
    ...optional('topK', numberField(body, 'top_k')),
    stop: arrayField(body, 'stop_sequences').filter((text) => typeof text === 'string'),
    ...optional('reasoning', readReasoning(objectField(body, 'thinking'), textField(outputConfig, 'effort'))),
    ...optional(
      'responseFormat',
      readFormat(objectField(outputConfig, 'format') ?? objectField(body, 'output_format')),
    ),
    stream: booleanField(body, 'stream') ?? false,
    ...optional('endUser', typeof endUser === 'string' ? endUser : undefined),
    ...optional('metadata', Object.keys(otherMetadata).length > 0 ? otherMetadata : undefined),
    ...optional('serviceTier', textField(body, 'service_tier')),
    ...optional('autoCache', readCacheControl(body)),
    extras: readExtras(body, outputConfig),
  };
}

function readSystem(body: JsonObject): readonly TextBlock[] {
  return readContent(body['system'], ANTHROPIC_ORIGIN).filter((block) => block.type === 'text');
}

function readMessage(message: JsonObject): Message {
  const role = message['role'];
  return {
    role: role === 'assistant' || role === 'system' ? role : 'user',
    content: readContent(message['content'], ANTHROPIC_ORIGIN),
  };
}

/** An effort without a `thinking` field leaves it to the model whether to think. `disabled` beats an effort. */
function readReasoning(thinking: JsonObject | undefined, effort: string | undefined): Reasoning | undefined {
  const mode = THINKING_MODES.get(thinking?.['type']);
  if (mode === 'off') return { mode };
  if (mode === undefined) return effort === undefined ? undefined : { mode: 'adaptive', effort };
  return {
    mode,
    ...optional('effort', effort),
    ...optional('budgetTokens', mode === 'on' ? numberField(thinking ?? {}, 'budget_tokens') : undefined),
    ...optional('display', textField(thinking ?? {}, 'display')),
  };
}

function readFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  const schema = format && objectField(format, 'schema');
  return format?.['type'] === 'json_schema' && schema ? { kind: 'json-schema', schema } : undefined;
}

function readExtras(body: JsonObject, outputConfig: JsonObject): JsonObject {
  const extras: Record<string, JsonObject[string]> = { ...unreadToolFields(objectsField(body, 'tools')) };
  for (const [key, value] of Object.entries(body)) {
    if (!KNOWN.has(key) && value !== null) extras[key] = value;
  }
  for (const [key, value] of Object.entries(outputConfig)) {
    if (!KNOWN_OUTPUT_CONFIG.has(key)) extras[`output_config.${key}`] = value;
  }
  const thinking = objectField(body, 'thinking');
  const mode = thinking?.['type'];
  if (thinking && (mode === 'between_tools' || !THINKING_MODES.has(mode))) extras['thinking'] = thinking;
  return extras;
}
