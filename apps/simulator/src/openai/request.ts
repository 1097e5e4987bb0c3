import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Ask, AskedTool, PromptPiece } from '../ask.js';
import { listOf, numberOf, objectOf, objectsOf, textOf } from '../json-access.js';
import type { ReadingRules } from '../voice.js';
import { checkChatRequest } from './checks.js';

/** An image or a file is billed as so many characters' worth of tokens. */
const MEDIA_CHARACTERS = 1024;

/** What a simulated web search finds. */
const WEB_PAGE = { title: 'Simulated page', text: 'https://example.com/simulated' };

/**
 * Reads a chat completion request (https://platform.openai.com/docs/api-reference/chat/create).
 * @throws Refusal in the vendor's words.
 */
export function readChatRequest(body: JsonObject, rules: ReadingRules): Ask {
  checkChatRequest(body, rules);
  const messages = objectsOf(body['messages']);
  const parts = messages.flatMap((message) => partsOf(message['content']));
  const model = textOf(body['model']);
  return {
    model,
    stream: body['stream'] === true,
    prompt: textsOf(messages.findLast((message) => message['role'] === 'user')),
    toolResults: toolResults(messages),
    tools: toolsOf(body),
    toolChoice: toolChoiceOf(body),
    parallelTools: body['parallel_tool_calls'] !== false,
    thinking: thinkingOf(body),
    outputSchema: outputSchemaOf(body),
    images: parts.filter((part) => part['type'] === 'image_url').length,
    source: body['web_search_options'] === undefined ? null : WEB_PAGE,
    documents: parts.filter((part) => part['type'] === 'file').length,
    stopSequences: typeof body['stop'] === 'string' ? [body['stop']] : listOf(body['stop']).map((stop) => textOf(stop)),
    maxTokens: numberOf(body['max_completion_tokens'] ?? body['max_tokens']),
    promptPieces: promptPieces(body, messages),
    cacheScope: `${rules.provider ?? ''} ${model} ${textOf(body['prompt_cache_key'])}`,
  };
}

/** Content as parts, whichever way it was written. */
export function partsOf(content: JsonValue | undefined): readonly JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content);
}

function textsOf(message: JsonObject | undefined): string {
  return partsOf(message?.['content'])
    .map((part) => textOf(part['text']))
    .join('\n');
}

/** The tool messages at the very end of the conversation. */
function toolResults(messages: readonly JsonObject[]): readonly string[] {
  const start = messages.findLastIndex((message) => message['role'] !== 'tool') + 1;
  return messages.slice(start).map((message) => textsOf(message));
}

function toolsOf(body: JsonObject): readonly AskedTool[] {
  return objectsOf(body['tools']).map((tool) => {
    const kind = tool['type'] === 'custom' ? 'custom' : 'function';
    const described = objectOf(tool[kind]);
    return { name: textOf(described['name']), kind, schema: objectOf(described['parameters']) };
  });
}

function toolChoiceOf(body: JsonObject): Ask['toolChoice'] {
  const choice = body['tool_choice'];
  if (choice === 'none' || choice === 'required') return choice;
  const named = textOf(objectOf(objectOf(choice)['function'] ?? objectOf(choice)['custom'])['name']);
  return named === '' ? 'auto' : { name: named };
}

/** Reasoning as OpenAI (`reasoning_effort`), OpenRouter (`reasoning`), DeepSeek (`thinking`) and Qwen (`enable_thinking`) ask for it. */
function thinkingOf(body: JsonObject): Ask['thinking'] {
  const effort = textOf(body['reasoning_effort']);
  if (effort !== '') return effort === 'none' ? 'off' : 'shown';
  if (body['reasoning'] !== undefined) {
    const reasoning = objectOf(body['reasoning']);
    if (reasoning['enabled'] === false || reasoning['effort'] === 'none') return 'off';
    return reasoning['exclude'] === true ? 'hidden' : 'shown';
  }
  const enabled = objectOf(body['thinking'])['type'] === 'enabled' || body['enable_thinking'] === true;
  return enabled ? 'shown' : 'off';
}

function outputSchemaOf(body: JsonObject): JsonObject | null {
  const format = objectOf(body['response_format']);
  if (format['type'] === 'json_object') return {};
  return format['type'] === 'json_schema' ? objectOf(objectOf(format['json_schema'])['schema']) : null;
}

function promptPieces(body: JsonObject, messages: readonly JsonObject[]): readonly PromptPiece[] {
  return [...objectsOf(body['tools']), ...messages].map((item) => ({
    identity: JSON.stringify(item),
    characters: charactersOf(item),
  }));
}

function charactersOf(item: JsonObject): number {
  if (item['role'] === undefined) return JSON.stringify(item).length;
  const calls = objectsOf(item['tool_calls']).reduce((sum, call) => sum + JSON.stringify(call).length, 0);
  return partsOf(item['content']).reduce(
    (sum, part) => sum + (typeof part['text'] === 'string' ? part['text'].length : MEDIA_CHARACTERS),
    calls,
  );
}
