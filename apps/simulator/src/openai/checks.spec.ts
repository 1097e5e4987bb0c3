import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Refusal } from '../refusal.js';
import { Signer } from '../signature.js';
import { readChatRequest } from './request.js';

const signer = new Signer(1);
const rules = { signer, rejectHints: true, strict: false, lenient: false, counting: false, provider: null };
const user: JsonObject = { role: 'user', content: 'hi' };
const call: JsonObject = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
const called: JsonObject = { role: 'assistant', content: null, tool_calls: [call] };
const result: JsonObject = { role: 'tool', tool_call_id: 'call_1', content: 'ok' };
const tool = (name: string): JsonObject => ({ type: 'function', function: { name } });

function messages(...turns: JsonValue[]): JsonObject {
  return { messages: turns };
}

function read(change: JsonObject, more: object = {}): { message: string; param?: string | null; code?: string | null } {
  try {
    readChatRequest({ model: 'm', ...messages(user), ...change }, { ...rules, ...more });
    return { message: 'served' };
  } catch (error) {
    const { message, param, code } = error as Refusal;
    return { message, param, code };
  }
}

describe('the Chat Completions API refuses', () => {
  it.each<[string, JsonObject, RegExp, (string | null)?, (string | null)?]>([
    [
      'a routing hint',
      { provider_sort: 'price' },
      /^Unrecognized request argument supplied: provider_sort$/,
      null,
      null,
    ],
    [
      'several routing hints',
      { provider: {}, models: [] },
      /^Unrecognized request arguments supplied: provider, models$/,
    ],
    ['no model', { model: undefined }, /^you must provide a model parameter$/],
    [
      'no messages',
      { messages: undefined },
      /^Missing required parameter: 'messages'\.$/,
      'messages',
      'missing_required_parameter',
    ],
    ['an empty list of messages', messages(), /^Invalid 'messages': empty array/, 'messages', 'empty_array'],
    [
      'a strange role',
      messages({ role: 'bot', content: 'x' }),
      /^Invalid value: 'bot'/,
      'messages[0].role',
      'invalid_value',
    ],
    [
      'a user without content',
      messages({ role: 'user', content: null }),
      /expected a string, got null/,
      'messages[0].content',
    ],
    [
      'a block of another protocol',
      messages({ role: 'user', content: [{ type: 'image' }] }),
      /^Invalid value: 'image'/,
      'messages[0].content',
    ],
    [
      'an image in a tool message',
      messages(user, called, { ...result, content: [{ type: 'image_url' }] }),
      /Supported values are: 'text'/,
    ],
    [
      'a tool message without its call',
      messages(user, result),
      /must be a response to a preceeding message with 'tool_calls'/,
      'messages.[1].role',
    ],
    [
      'a call without its tool message',
      messages(user, called, user),
      /did not have response messages: call_1/,
      'messages.[2].role',
    ],
    ['a call at the very end', messages(user, called), /did not have response messages: call_1/],
    [
      'a long call id',
      messages(user, { ...called, tool_calls: [{ ...call, id: 'x'.repeat(41) }] }),
      /maximum length 40, but got a string with length 41/,
      'messages[1].tool_calls[0].id',
      'string_above_max_length',
    ],
    [
      'arguments that are an object',
      messages(user, { ...called, tool_calls: [{ ...call, function: { name: 'f', arguments: {} } }] }),
      /expected a string, but got an object/,
      'messages[1].tool_calls[0].function.arguments',
      'invalid_type',
    ],
    [
      'stream_options without a stream',
      { stream_options: { include_usage: true } },
      /only allowed when 'stream' is enabled/,
      'stream_options',
    ],
    ['max_tokens below 1', { max_tokens: 0 }, /integer below minimum value/, 'max_tokens', 'integer_below_min_value'],
    [
      'max_tokens for a reasoning model',
      { model: 'gpt-5-mini', max_tokens: 5 },
      /Use 'max_completion_tokens' instead/,
      'max_tokens',
      'unsupported_parameter',
    ],
    [
      'a temperature above 2',
      { temperature: 3 },
      /Expected a value <= 2, but got 3 instead/,
      'temperature',
      'decimal_above_max_value',
    ],
    [
      'five stops',
      { stop: ['1', '2', '3', '4', '5'] },
      /maximum length 4, but got an array with length 5/,
      'stop',
      'array_above_max_length',
    ],
    [
      'a tool name with a dot',
      { tools: [tool('a.b')] },
      /does not match pattern/,
      'tools[0].function.name',
      'invalid_value',
    ],
    ['a long tool name', { tools: [tool('x'.repeat(65))] }, /maximum length 64/, 'tools[0].function.name'],
    ['a choice without tools', { tool_choice: 'auto' }, /only allowed when 'tools' are specified/, 'tool_choice'],
    [
      'parallel_tool_calls without tools',
      { parallel_tool_calls: false },
      /only allowed when 'tools' are specified/,
      'parallel_tool_calls',
    ],
    [
      'a schema without a name',
      { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      /response_format\.json_schema\.name/,
    ],
    [
      'json_object without the word',
      { response_format: { type: 'json_object' } },
      /must contain the word 'json'/,
      'messages',
    ],
    [
      'forged reasoning',
      messages(
        user,
        {
          role: 'assistant',
          content: 'x',
          reasoning_details: [{ type: 'reasoning.text', text: 'x', signature: 'forged' }],
        },
        user,
      ),
      /Invalid signature/,
    ],
  ])('%s', (_what, change, message, ...[param, code]) => {
    const refusal = read(change);
    expect(refusal.message).toMatch(message);
    if (param !== undefined) expect(refusal.param).toBe(param);
    if (code !== undefined) expect(refusal.code).toBe(code);
  });
});

describe('the Chat Completions API serves', () => {
  it.each<[string, JsonObject]>([
    ['a plain question', {}],
    ['an unknown field', { future_field: 1, top_k: 3 }],
    ['a call with its tool message', messages(user, called, result)],
    [
      'two calls answered in any order',
      messages(user, { ...called, tool_calls: [call, { ...call, id: 'b' }] }, { ...result, tool_call_id: 'b' }, result),
    ],
    ['a developer', messages({ role: 'developer', content: 'x' }, user)],
    [
      'json_object with the word',
      { ...messages({ role: 'user', content: 'answer in JSON' }), response_format: { type: 'json_object' } },
    ],
    ['stream_options of a stream', { stream: true, stream_options: { include_usage: true } }],
    ['max_tokens for a reasoning model elsewhere', { model: 'openai/gpt-5-mini', max_tokens: 5 }],
  ])('%s', (_what, change) => {
    expect(read(change).message).toBe('served');
  });

  it('hints when told to, and no unknown field when strict', () => {
    expect(read({ provider: {} }, { rejectHints: false }).message).toBe('served');
    expect(read({ future_field: 1 }, { strict: true }).message).toMatch('supplied: future_field');
  });
});
