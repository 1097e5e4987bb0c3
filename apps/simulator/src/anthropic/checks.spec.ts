import type { JsonObject, JsonValue } from '@switchyard/contract';
import { Signer } from '../signature.js';
import { readMessagesRequest } from './request.js';

const signer = new Signer(1);
const rules = { signer, rejectHints: true, strict: false, lenient: false, counting: false, provider: null };
const user: JsonObject = { role: 'user', content: 'hi' };
const call: JsonObject = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} };
const called: JsonObject = { role: 'assistant', content: [call] };
const result: JsonObject = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' };
const text = (words: string): JsonObject => ({ type: 'text', text: words });
const cached = { ...text('x'), cache_control: { type: 'ephemeral' } };
const tool = (name: string): JsonObject => ({ name, input_schema: { type: 'object' } });
const thought = { type: 'thinking', thinking: 'hm', signature: signer.sign('hm') };
const thinking = { type: 'enabled', budget_tokens: 1024 };

function messages(...turns: JsonValue[]): JsonObject {
  return { messages: turns };
}

function read(change: JsonObject, more: object = {}): string {
  try {
    readMessagesRequest({ model: 'm', max_tokens: 2000, ...messages(user), ...change }, { ...rules, ...more });
    return 'served';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the Messages API refuses', () => {
  it.each<[string, JsonObject, string | RegExp]>([
    ['a flat routing hint', { provider_only: ['groq'] }, 'provider_only: Extra inputs are not permitted'],
    ['a nested routing hint', { provider: { only: ['groq'] } }, 'provider: Extra inputs are not permitted'],
    ['a list of models', { models: ['a'] }, 'models: Extra inputs are not permitted'],
    ['no max_tokens', { max_tokens: undefined }, 'max_tokens: Field required'],
    ['max_tokens that is no integer', { max_tokens: 1.5 }, 'max_tokens: Input should be a valid integer'],
    ['no messages', messages(), 'messages: at least one message is required'],
    ['a temperature above 1', { temperature: 1.5 }, 'temperature: Input should be less than or equal to 1'],
    [
      'a blank stop sequence',
      { stop_sequences: [' '] },
      'stop_sequences: each stop sequence must contain non-whitespace',
    ],
    [
      'an empty text',
      messages({ role: 'user', content: [text('')] }),
      'messages: text content blocks must be non-empty',
    ],
    ['an empty system text', { system: [text('')] }, 'system: text content blocks must be non-empty'],
    [
      'an empty message',
      messages({ role: 'user', content: '' }),
      /^messages\.0: all messages must have non-empty content/,
    ],
    [
      'an assistant that begins',
      messages({ role: 'assistant', content: 'x' }),
      /first message must use the "user" role/,
    ],
    ['a system turn', messages({ role: 'system', content: 'x' }, user), /^messages: Unexpected role "system"/],
    ['a role of another protocol', messages({ role: 'tool', content: 'x' }), /messages\.0\.role: Input should be/],
    [
      'a block of another protocol',
      messages({ role: 'user', content: [{ type: 'image_url' }] }),
      /Input tag 'image_url' found/,
    ],
    [
      'a result without its call',
      messages({ role: 'user', content: [result] }),
      /unexpected `tool_use_id` found in `tool_result` blocks: toolu_1/,
    ],
    [
      'a call without its result',
      messages(user, called, user),
      /`tool_use` ids were found without `tool_result` blocks immediately after: toolu_1/,
    ],
    ['a call at the very end', messages(user, called), /ids were found without/],
    [
      'a result behind a text',
      messages(user, called, { role: 'user', content: [text('x'), result] }),
      /ids were found without/,
    ],
    [
      'a call id with a colon',
      messages(user, { role: 'assistant', content: [{ ...call, id: 'functions.f:0' }] }),
      /tool_use\.id: String should match pattern/,
    ],
    [
      'a call id twice',
      messages(user, { role: 'assistant', content: [call, call] }, { role: 'user', content: [result] }),
      'messages: `tool_use` ids must be unique',
    ],
    [
      'an input that is a text',
      messages(user, { role: 'assistant', content: [{ ...call, input: '{}' }] }),
      /tool_use\.input: Input should be a valid dictionary/,
    ],
    [
      'an image of a strange kind',
      messages({
        role: 'user',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: 'AA==' } }],
      }),
      /image\/webp/,
    ],
    [
      'an image that is no base64',
      messages({
        role: 'user',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'data:x' } }],
      }),
      /invalid base64/,
    ],
    [
      'five cache markers',
      messages({ role: 'user', content: [cached, cached, cached, cached, cached] }),
      'A maximum of 4 blocks with cache_control may be provided. Found 5.',
    ],
    ['a tool name with a dot', { tools: [tool('a.b')] }, /tools\.0\.custom\.name: String should match pattern/],
    ['a tool without a schema', { tools: [{ name: 'f' }] }, 'tools.0.custom.input_schema: Field required'],
    ['two tools of one name', { tools: [tool('f'), tool('f')] }, 'tools: Tool names must be unique.'],
    [
      'a choice without tools',
      { tool_choice: { type: 'any' } },
      'tool_choice may only be specified while providing tools.',
    ],
    [
      'a choice of an unknown tool',
      { tools: [tool('f')], tool_choice: { type: 'tool', name: 'g' } },
      /Tool 'g' not found/,
    ],
    ['a small thinking budget', { thinking: { type: 'enabled', budget_tokens: 10 } }, /greater than or equal to 1024/],
    [
      'a thinking budget above max_tokens',
      { thinking: { type: 'enabled', budget_tokens: 9000 } },
      /`max_tokens` must be greater than `thinking.budget_tokens`/,
    ],
    ['thinking with a temperature', { thinking, temperature: 0 }, /may only be set to 1 when thinking is enabled/],
    [
      'thinking with a forced tool',
      { thinking, tools: [tool('f')], tool_choice: { type: 'any' } },
      /Thinking may not be enabled when tool_choice forces tool use/,
    ],
    [
      'thinking without the last thought',
      { thinking, ...messages(user, called, { role: 'user', content: [result] }) },
      /Expected `thinking` or `redacted_thinking`, but found `tool_use`/,
    ],
    [
      'a forged signature',
      messages(user, { role: 'assistant', content: [{ ...thought, signature: 'forged' }, text('x')] }, user),
      'messages.1.content.0: Invalid `signature` in `thinking` block',
    ],
    [
      'a changed thought',
      messages(user, { role: 'assistant', content: [{ ...thought, thinking: 'other' }, text('x')] }, user),
      /Invalid `signature` in `thinking` block/,
    ],
    [
      'a missing signature',
      messages(user, { role: 'assistant', content: [{ type: 'thinking', thinking: 'x' }] }, user),
      'messages.1.content.0.thinking.signature: Field required',
    ],
    [
      'forged redacted thinking',
      messages(user, { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'x' }] }, user),
      /Invalid `data` in `redacted_thinking` block/,
    ],
    [
      'a prefill that ends in a space',
      messages(user, { role: 'assistant', content: 'x ' }),
      /cannot end with trailing whitespace/,
    ],
  ])('%s', (_what, change, message) => {
    const words = read(change);
    if (typeof message === 'string') expect(words).toBe(message);
    else expect(words).toMatch(message);
  });
});

describe('the Messages API serves', () => {
  it.each<[string, JsonObject]>([
    ['a plain question', {}],
    ['an unknown field', { future_field: 1 }],
    ['max_tokens 0, which warms the cache', { max_tokens: 0 }],
    ['an empty system text', { system: '' }],
    ['a call with its result', messages(user, called, { role: 'user', content: [result, text('and?')] })],
    [
      'a result in a message of its own before another of the user',
      messages(user, called, { role: 'user', content: [result] }, user),
    ],
    [
      'the same, thinking with its thought replayed',
      {
        thinking,
        ...messages(user, { role: 'assistant', content: [thought, call] }, { role: 'user', content: [result] }),
      },
    ],
    ['four cache markers', messages({ role: 'user', content: [cached, cached, cached, cached] })],
    ['a prefill', messages(user, { role: 'assistant', content: '{' })],
    ['a tool of the vendor', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    [
      'a system turn for a model that knows them',
      { model: 'claude-opus-4-8', ...messages(user, { role: 'system', content: 'x' }) },
    ],
  ])('%s', (_what, change) => {
    expect(read(change)).toBe('served');
  });

  it('a request for a count without max_tokens', () => {
    expect(read({ max_tokens: undefined }, { counting: true })).toBe('served');
  });

  it('hints when told to, and no unknown field when strict', () => {
    expect(read({ provider: {} }, { rejectHints: false })).toBe('served');
    expect(read({ future_field: 1 }, { strict: true })).toBe('future_field: Extra inputs are not permitted');
  });
});
