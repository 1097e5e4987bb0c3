import { GatewayError } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { readFacts } from './read-facts.js';

const HI = [{ role: 'user', content: 'hi' }];

function bodyWith(fields: JsonObject): JsonObject {
  return { model: 'm', max_tokens: 16, messages: HI, ...fields };
}

function faultOf(body: JsonObject): { param: string | undefined; message: string } | null {
  try {
    readFacts(body);
    return null;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('invalid_request');
    return { param: error.details.param, message: error.message };
  }
}

describe('the envelope of a Messages request', () => {
  it.each<[string, JsonValue | undefined]>([
    ['model', undefined],
    ['model', 7],
    ['model', ''],
    ['max_tokens', undefined],
    ['max_tokens', -1],
    ['max_tokens', 1.5],
    ['max_tokens', '16'],
    ['max_tokens', Infinity],
    ['max_tokens', null],
    ['messages', undefined],
    ['messages', {}],
    ['messages', []],
    ['stream', 'true'],
    ['stream', 1],
    ['temperature', '1'],
    ['temperature', {}],
    ['temperature', NaN],
    ['top_p', []],
    ['top_k', 1.5],
    ['top_k', -1],
    ['stop_sequences', 'END'],
    ['stop_sequences', [1]],
    ['thinking', 'on'],
    ['thinking.budget_tokens', '9'],
    ['tool_choice', 'auto'],
    ['output_config', []],
    ['metadata', 'x'],
    ['service_tier', 'gold'],
    ['service_tier', 1],
    ['speed', 2],
    ['tools', {}],
    ['tools.0', 'x'],
    ['tools.0.name', 3],
    ['tools.0.input_schema', 'x'],
    ['system', 5],
    ['system.0', 'x'],
    ['system.0.type', {}],
    ['messages.0', 'hi'],
    ['messages.0.role', 'tool'],
    ['messages.0.role', undefined],
    ['messages.0.content', undefined],
    ['messages.0.content', 5],
    ['messages.0.content.0', 'x'],
    ['messages.0.content.0.type', 1],
    ['messages.0.content.0.text', 1],
    ['messages.0.content.0.content.0.type', null],
  ])('is refused with the path %s for %j', (path, value) => {
    expect(faultOf(placed(path, value))?.param).toBe(path);
  });

  it('names the very block at fault', () => {
    const messages = [
      ...HI,
      { role: 'assistant', content: 'a' },
      ...HI,
      { role: 'user', content: [{ text: 'no type' }] },
    ];
    expect(faultOf(bodyWith({ messages }))?.message).toBe('messages.3.content.0.type: Input should be a string');
  });

  it('bounds tools at 1,000 and messages at 100,000', () => {
    expect(faultOf(bodyWith({ tools: Array.from({ length: 1_001 }, () => ({ name: 'x' })) }))?.param).toBe('tools');
    expect(faultOf(bodyWith({ messages: Array.from({ length: 100_001 }, () => HI[0] as JsonObject) }))?.param).toBe(
      'messages',
    );
    expect(faultOf(bodyWith({ messages: Array.from({ length: 100_000 }, () => HI[0] as JsonObject) }))).toBeNull();
  });

  it.each<[string, JsonObject]>([
    [
      "values out of an upstream's range",
      { temperature: 2, top_p: 123, top_k: 123, thinking: { type: 'enabled', budget_tokens: 10_000 } },
    ],
    ['a cache pre-warm without output', { max_tokens: 0 }],
    ['fields it does not know', { brand_new: { deep: [1] }, messages: [{ role: 'user', content: 'x', clear_at: 1 }] }],
    ['block types it does not know', { messages: [{ role: 'user', content: [{ type: 'hologram', data: 1 }] }] }],
    [
      'nulls for absent fields',
      {
        temperature: null,
        tools: null,
        stop_sequences: null,
        stream: null,
        system: null,
        thinking: null,
        service_tier: null,
      },
    ],
    ['system messages in mid-conversation', { messages: [...HI, { role: 'system', content: 'x' }] }],
    ['a list of models instead of one', { model: undefined, models: ['a/b'] }],
    ['every service tier of any page', { service_tier: 'standard_only' }],
  ])('lets pass %s', (_, fields) => {
    expect(faultOf(bodyWith(fields))).toBeNull();
  });
});

describe('the facts of a Messages request', () => {
  it('list a parameter only when the request depends on it', () => {
    expect(readFacts(bodyWith({})).parameters).toEqual([]);
    const idle = {
      tools: [],
      tool_choice: { type: 'auto' },
      thinking: { type: 'disabled' },
      stop_sequences: [],
      temperature: null,
    };
    expect(readFacts(bodyWith(idle)).parameters).toEqual([]);
  });

  it.each<[string, JsonObject]>([
    ['temperature', { temperature: 0 }],
    ['top_p', { top_p: 1 }],
    ['top_k', { top_k: 5 }],
    ['stop', { stop_sequences: ['x'] }],
    ['tools', { tools: [{ name: 'x' }] }],
    ['web_search_options', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['tool_choice', { tool_choice: { type: 'any' } }],
    ['parallel_tool_calls', { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }],
    ['reasoning', { thinking: { type: 'adaptive' } }],
    ['reasoning_effort', { output_config: { effort: 'low' } }],
  ])('know %s', (parameter, fields) => {
    expect(readFacts(bodyWith(fields)).parameters).toEqual([parameter]);
  });

  it('know a structured output in its new and its old place', () => {
    const format = { type: 'json_schema', schema: {} };
    const words = ['response_format', 'structured_outputs'];
    expect(readFacts(bodyWith({ output_config: { format } })).parameters).toEqual(words);
    expect(readFacts(bodyWith({ output_format: format })).parameters).toEqual(words);
  });

  it('see images and files inside tool results, and none in documents that are text', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    const pdf = {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'x'.repeat(1_000) },
    };
    const text = { type: 'document', source: { type: 'text', data: 'words' } };
    const nested = [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [image, pdf] }] }];
    const facts = readFacts(bodyWith({ messages: nested }));
    expect(facts.inputModalities).toEqual(['text', 'image', 'file']);
    expect(facts).toMatchObject({ images: 1, textLength: 0 });
    const plain = readFacts(bodyWith({ messages: [{ role: 'user', content: [text] }] }));
    expect(plain.inputModalities).toEqual(['text']);
    expect(plain.textLength).toBe(5);
  });

  it('count the text of system, messages and tool schemas', () => {
    const base = readFacts(bodyWith({})).textLength;
    expect(base).toBe(2);
    const more = bodyWith({ system: 'abcd', tools: [{ name: 'tool', input_schema: { type: 'object' } }] });
    expect(readFacts(more).textLength).toBe(base + 4 + 'nametoolinput_schematypeobject'.length);
  });
});

/** The smallest body with a value at a path. */
function placed(path: string, value: JsonValue | undefined): JsonObject {
  const block = (fields: JsonObject): JsonObject => bodyWith({ messages: [{ role: 'user', content: [fields] }] });
  switch (path) {
    case 'thinking.budget_tokens':
      return bodyWith({ thinking: { type: 'enabled', budget_tokens: value } });
    case 'tools.0':
      return bodyWith({ tools: [value ?? null] });
    case 'tools.0.name':
      return bodyWith({ tools: [{ name: value }] });
    case 'tools.0.input_schema':
      return bodyWith({ tools: [{ name: 'x', input_schema: value }] });
    case 'system.0':
      return bodyWith({ system: [value ?? null] });
    case 'system.0.type':
      return bodyWith({ system: [{ type: value }] });
    case 'messages.0':
      return bodyWith({ messages: [value ?? null] });
    case 'messages.0.role':
      return bodyWith({ messages: [{ role: value, content: 'x' }] });
    case 'messages.0.content':
      return bodyWith({ messages: [{ role: 'user', content: value }] });
    case 'messages.0.content.0':
      return bodyWith({ messages: [{ role: 'user', content: [value ?? null] }] });
    case 'messages.0.content.0.type':
      return block({ type: value });
    case 'messages.0.content.0.text':
      return block({ type: 'text', text: value });
    case 'messages.0.content.0.content.0.type':
      return block({ type: 'tool_result', tool_use_id: 't', content: [{ type: value }] });
    default:
      return bodyWith({ [path]: value });
  }
}
