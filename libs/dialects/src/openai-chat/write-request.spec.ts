import type { JsonObject } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import type { Deviations } from '../deviations.js';
import { conversation, target } from './dialect.fixture.js';
import type { TargetChanges } from './dialect.fixture.js';
import { openaiChat } from './index.js';

const write = (changes: Partial<Conversation>, at: TargetChanges = {}) =>
  openaiChat.writeRequest(conversation(changes), target(at));
const body = (changes: Partial<Conversation>, at: TargetChanges = {}) => write(changes, at).body;
const at = (deviations: Deviations): TargetChanges => ({ deviations });

describe('the output limit', () => {
  it.each<[string, Partial<Conversation>, TargetChanges, JsonObject]>([
    ["is always sent: the endpoint's own where the caller names none", {}, {}, { max_tokens: 16_384 }],
    ["is the caller's", { maxOutputTokens: 100 }, {}, { max_tokens: 100 }],
    ['is cut to what the endpoint can', { maxOutputTokens: 99_999 }, {}, { max_tokens: 16_384 }],
    [
      'is bounded by the context where nothing else is known',
      {},
      { endpoint: { maxOutputTokens: null, contextLength: 4_000 }, model: { maxOutputTokens: null } },
      { max_tokens: 2_000 },
    ],
    [
      'goes by the field of the model',
      {},
      { traits: { maxCompletionTokens: true } },
      { max_completion_tokens: 16_384 },
    ],
    [
      'goes by the field of the host, which knows best',
      {},
      { traits: { maxCompletionTokens: true }, deviations: { maxTokensField: 'max_tokens' } },
      { max_tokens: 16_384 },
    ],
  ])('%s', (_rule, changes, where, expected) => {
    const written = body(changes, where);
    expect(written).toMatchObject(expected);
    expect(Object.keys(written).filter((key) => key.startsWith('max_'))).toHaveLength(1);
  });
});

describe('sampling', () => {
  it('beyond OpenAI goes only to hosts that take it', () => {
    expect(write({ topK: 5, minP: 0.1 })).toMatchObject({ dropped: ['min_p', 'top_k'] });
    expect(write({ topK: 5, minP: 0.1 }, at({ accepts: ['top_k'] }))).toMatchObject({
      body: { top_k: 5 },
      dropped: ['min_p'],
    });
    const stated = { endpoint: { supportedParameters: new Set(['min_p']) } };
    expect(write({ topK: 5, minP: 0.1 }, stated)).toMatchObject({ body: { min_p: 0.1 }, dropped: ['top_k'] });
  });

  it('does not go to models that reject it', () => {
    const { body: sent, dropped } = write({ temperature: 1, topP: 0.5, topK: 3 }, { traits: { sampling: false } });
    expect(sent).not.toHaveProperty('temperature');
    expect(dropped).toEqual(['temperature', 'top_k', 'top_p']);
  });

  it.each([
    [0, 1e-8, 1e-8],
    [1.5, undefined, 1],
    [0.5, 0.1, 0.5],
  ])("temperature %d is kept within the host's bounds", (temperature, temperatureMin, expected) => {
    const bounds = { temperatureMax: 1, ...(temperatureMin !== undefined && { temperatureMin }) };
    expect(body({ temperature }, at(bounds))['temperature']).toBe(expected);
  });

  it("sends the seed under the host's name", () => {
    expect(body({ seed: 7 })).toMatchObject({ seed: 7 });
    expect(body({ seed: 7 }, at({ seedField: 'random_seed' }))).toMatchObject({ random_seed: 7 });
  });
});

describe('stop sequences', () => {
  it.each<[string[], TargetChanges, unknown, string[]]>([
    [['a'], {}, ['a'], []],
    [['a', '', 'b'], {}, ['a', 'b'], []],
    [['a', 'b', 'c', 'd', 'e'], {}, ['a', 'b', 'c', 'd'], ['stop_sequences']],
    [['a', 'b'], at({ stopMax: 1 }), ['a'], ['stop_sequences']],
    [['a'], { traits: { stop: false } }, undefined, ['stop_sequences']],
    [[], {}, undefined, []],
  ])('%j under %j are sent as %j', (stop, where, sent, dropped) => {
    const written = write({ stop }, where);
    expect(written.body['stop']).toEqual(sent);
    expect(written.dropped).toEqual(dropped);
  });
});

describe('thinking', () => {
  it.each<[string, Conversation['reasoning'], TargetChanges, JsonObject, string[]]>([
    ['an effort as it is', { mode: 'on', effort: 'high' }, {}, { reasoning_effort: 'high' }, []],
    ['a small budget as low', { mode: 'on', budgetTokens: 1024 }, {}, { reasoning_effort: 'low' }, []],
    ['a middling budget as medium', { mode: 'on', budgetTokens: 2048 }, {}, { reasoning_effort: 'medium' }, []],
    ['a large budget as high', { mode: 'on', budgetTokens: 8192 }, {}, { reasoning_effort: 'high' }, []],
    ["adaptive as the model's default", { mode: 'adaptive' }, {}, {}, []],
    [
      'an effort the model lacks as the nearest',
      { mode: 'on', effort: 'max' },
      { traits: { efforts: ['low', 'high'] } },
      { reasoning_effort: 'high' },
      [],
    ],
    [
      'minimal as low',
      { mode: 'on', effort: 'minimal' },
      { traits: { efforts: ['none', 'low'] } },
      { reasoning_effort: 'low' },
      [],
    ],
    ['off as none', { mode: 'off' }, { traits: { efforts: ['none', 'low'] } }, { reasoning_effort: 'none' }, []],
    [
      'off as the least where none is not known',
      { mode: 'off' },
      { traits: { efforts: ['minimal', 'low'] } },
      { reasoning_effort: 'minimal' },
      [],
    ],
    ['off to a host of which nothing is known', { mode: 'off' }, {}, {}, ['reasoning']],
    ['to a model that does not reason', { mode: 'on', effort: 'high' }, { traits: { efforts: [] } }, {}, ['reasoning']],
    ['off to a model that does not reason', { mode: 'off' }, { traits: { efforts: [] } }, {}, []],
    [
      'to an endpoint without the parameter',
      { mode: 'on' },
      { endpoint: { supportedParameters: new Set(['tools']) } },
      {},
      ['reasoning'],
    ],
    [
      'OpenRouter: effort',
      { mode: 'on', effort: 'low', display: 'omitted' },
      at({ reasoningRequest: 'reasoning' }),
      { reasoning: { effort: 'low', exclude: true } },
      [],
    ],
    [
      'OpenRouter: budget',
      { mode: 'on', budgetTokens: 5000 },
      at({ reasoningRequest: 'reasoning' }),
      { reasoning: { max_tokens: 5000 } },
      [],
    ],
    ['OpenRouter: off', { mode: 'off' }, at({ reasoningRequest: 'reasoning' }), { reasoning: { enabled: false } }, []],
    [
      'Qwen: budget',
      { mode: 'on', budgetTokens: 5000 },
      at({ reasoningRequest: 'enable_thinking' }),
      { enable_thinking: true, thinking_budget: 5000 },
      [],
    ],
    [
      'Qwen: effort',
      { mode: 'on', effort: 'low' },
      at({ reasoningRequest: 'enable_thinking' }),
      { enable_thinking: true, thinking_budget: 1638 },
      [],
    ],
    ['Qwen: off', { mode: 'off' }, at({ reasoningRequest: 'enable_thinking' }), { enable_thinking: false }, []],
    [
      'DeepSeek: on',
      { mode: 'on', effort: 'high' },
      at({ reasoningRequest: 'thinking' }),
      { thinking: { type: 'enabled' } },
      [],
    ],
    [
      'DeepSeek: on with an effort that the model knows',
      { mode: 'on', effort: 'xhigh' },
      { deviations: { reasoningRequest: 'thinking' }, traits: { efforts: ['high', 'max'] } },
      { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
      [],
    ],
    [
      'DeepSeek: off, and then no effort',
      { mode: 'off', effort: 'high' },
      at({ reasoningRequest: 'thinking' }),
      { thinking: { type: 'disabled' } },
      [],
    ],
    ['no field at all', { mode: 'on' }, at({ reasoningRequest: 'none' }), {}, ['reasoning']],
  ])('%s', (_case, reasoning, where, expected, dropped) => {
    const written = write({ reasoning: reasoning! }, where);
    const fields = ['reasoning_effort', 'reasoning', 'enable_thinking', 'thinking_budget', 'thinking'];
    const sent = Object.fromEntries(Object.entries(written.body).filter(([key]) => fields.includes(key)));
    expect(sent).toEqual(expected);
    expect(written.dropped).toEqual(dropped);
  });

  it('is switched off in so many words where a model takes tools only so', () => {
    const where = { traits: { toolsWithReasoning: false, efforts: ['none', 'low'] } };
    const tools = [{ kind: 'function', name: 'f' }] as const;
    expect(write({ tools, reasoning: { mode: 'on', effort: 'low' } }, where)).toMatchObject({
      body: { reasoning_effort: 'none' },
      dropped: ['reasoning'],
    });
    expect(body({ tools }, where)).toMatchObject({ reasoning_effort: 'none' });
    expect(body({}, where)).not.toHaveProperty('reasoning_effort');
  });
});

describe('structured output', () => {
  const responseFormat = { kind: 'json-schema', schema: { type: 'object' } } as const;

  it('is native and strict by default', () => {
    expect(body({ responseFormat })['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'response', schema: { type: 'object' }, strict: true },
    });
  });

  it.each<[string, TargetChanges]>([
    ['the host', at({ jsonSchema: false })],
    ['the model', { traits: { jsonSchema: false } }],
  ])('is asked for in words where %s lacks it', (_who, where) => {
    const written = body({ responseFormat }, where);
    expect(written['response_format']).toEqual({ type: 'json_object' });
    const [system] = written['messages'] as JsonObject[];
    expect(system).toMatchObject({ role: 'system' });
    expect(system?.['content']).toContain('{"type":"object"}');
  });
});

describe('the rest of a request', () => {
  it('asks for usage on streams, unless the host always gives it', () => {
    expect(body({ stream: true })).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(body({ stream: true }, at({ streamUsage: 'always' }))).not.toHaveProperty('stream_options');
    expect(body({})).not.toHaveProperty('stream');
  });

  it('hashes the end user', () => {
    const { user } = body({ endUser: '{"device_id":"secret"}' });
    expect(user).toMatch(/^[0-9a-f]{64}$/);
    expect(body({ endUser: 'a' }, at({ endUserField: 'safety_identifier' }))).toHaveProperty('safety_identifier');
  });

  it.each([
    ['standard_only', 'default', 'default'],
    ['auto', 'default', 'auto'],
    ['flex', 'default', 'flex'],
    ['fast', 'default', 'priority'],
    ['auto', 'flex', 'flex'],
    [undefined, 'priority', 'priority'],
    [undefined, 'default', undefined],
  ] as const)('writes the tier %s at a %s endpoint as %s', (serviceTier, own, expected) => {
    const changes = serviceTier === undefined ? {} : { serviceTier };
    expect(body(changes, { endpoint: { serviceTier: own } })['service_tier']).toBe(expected);
  });

  it('names every foreign field that was left out', () => {
    const { dropped } = write({
      metadata: { a: 'b' },
      extras: { context_management: {}, container: null, speed: 'fast' },
    });
    expect(dropped).toEqual(['context_management', 'metadata', 'speed']);
  });

  it('leaves out what the host rejects, and says so', () => {
    const { body: sent, dropped } = write(
      { logprobs: true, seed: 1, endUser: 'u' },
      at({ rejects: ['logprobs', 'user', 'n'] }),
    );
    expect(sent).not.toHaveProperty('logprobs');
    expect(sent).not.toHaveProperty('user');
    expect(dropped).toEqual(['logprobs', 'user']);
  });
});

describe('tools', () => {
  const tool = { kind: 'function', name: 'f' } as const;

  it('with a long or dotted name get a short one that is undone, the same in call and declaration', () => {
    const name = `mcp.${'x'.repeat(80)}`;
    const { body: sent, renamed } = write(
      {
        tools: [{ kind: 'function', name }],
        toolChoice: { mode: 'tool', name },
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'hi' }] },
          { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name, arguments: '{}', kind: 'function' }] },
          { role: 'user', content: [{ type: 'tool-result', callId: 'a', content: [], isError: false }] },
        ],
      },
      at({ toolNameMax: 32 }),
    );
    const short = [...renamed.keys()][0]!;
    expect(short).toMatch(/^[a-zA-Z0-9_-]{1,32}$/);
    expect(renamed.get(short)).toBe(name);
    expect(JSON.stringify(sent)).not.toContain(name);
    expect(sent['tools']).toMatchObject([{ function: { name: short } }]);
    expect(sent['tool_choice']).toEqual({ type: 'function', function: { name: short } });
    expect(sent['messages']).toMatchObject([{}, { tool_calls: [{ function: { name: short } }] }, {}]);
  });

  it('with names that differ only in what is replaced stay apart', () => {
    const { body: sent } = write({
      tools: [
        { kind: 'function', name: 'a.b' },
        { kind: 'function', name: 'a/b' },
        { kind: 'function', name: 'a_b' },
      ],
    });
    const names = (sent['tools'] as { function: { name: string } }[]).map((one) => one.function.name);
    expect(new Set(names).size).toBe(3);
    expect(names).toContain('a_b');
  });

  it.each<[Conversation['toolChoice'], TargetChanges, unknown, string[]]>([
    [{ mode: 'auto' }, {}, 'auto', []],
    [{ mode: 'none' }, {}, 'none', []],
    [{ mode: 'any' }, {}, 'required', []],
    [{ mode: 'any' }, at({ requiredToolChoice: 'any' }), 'any', []],
    [{ mode: 'tool', name: 'f' }, {}, { type: 'function', function: { name: 'f' } }, []],
    [{ mode: 'tool', name: 'gone' }, {}, 'auto', ['tool_choice']],
    [{ mode: 'any' }, { traits: { forcedToolChoice: false } }, 'auto', ['tool_choice']],
    [{ mode: 'tool', name: 'f' }, { traits: { forcedToolChoice: false } }, 'auto', ['tool_choice']],
    [
      { mode: 'allowed', names: ['f'], required: true },
      {},
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      [],
    ],
  ])('chosen by %j under %j: %j', (toolChoice, where, expected, dropped) => {
    const written = write({ tools: [tool], toolChoice: toolChoice! }, where);
    expect(written.body['tool_choice']).toEqual(expected);
    expect(written.dropped).toEqual(dropped);
  });

  it('are not forced on DeepSeek while it thinks', () => {
    const where = at({ reasoningRequest: 'thinking' });
    const forced = { tools: [tool], toolChoice: { mode: 'any' } } as const;
    expect(body({ ...forced, reasoning: { mode: 'on' } }, where)['tool_choice']).toBe('auto');
    expect(body({ ...forced, reasoning: { mode: 'off' } }, where)['tool_choice']).toBe('required');
  });

  it('absent: neither a choice nor a parallel switch is sent', () => {
    const sent = body({ toolChoice: { mode: 'auto' }, parallelToolCalls: false });
    expect(sent).not.toHaveProperty('tool_choice');
    expect(sent).not.toHaveProperty('parallel_tool_calls');
  });

  it('of Anthropic without a schema become functions with the documented one', () => {
    const native = (nativeType: string, name: string) => ({ kind: 'native', nativeType, name, raw: {} }) as const;
    const { body: sent, dropped } = write({
      tools: [
        native('bash_20250124', 'bash'),
        native('text_editor_20250728', 'str_replace_based_edit_tool'),
        native('text_editor_20250124', 'str_replace_editor'),
        native('memory_20250818', 'memory'),
        native('computer_20250124', 'computer'),
      ],
    });
    const parameters = (sent['tools'] as { function: { parameters: { properties: JsonObject } } }[]).map((one) =>
      Object.keys(one.function.parameters.properties),
    );
    expect(parameters).toEqual([
      ['command', 'restart'],
      ['command', 'path', 'view_range', 'file_text', 'old_str', 'new_str', 'insert_line', 'insert_text'],
      ['command', 'path', 'view_range', 'file_text', 'old_str', 'new_str', 'insert_line'],
      [
        'command',
        'path',
        'view_range',
        'file_text',
        'old_str',
        'new_str',
        'insert_line',
        'insert_text',
        'old_path',
        'new_path',
      ],
    ]);
    expect(dropped).toEqual(['tools.computer_20250124']);
  });

  it('that search the web become search options where the endpoint has them', () => {
    const raw = {
      type: 'web_search_20250305',
      name: 'web_search',
      user_location: { type: 'approximate', city: 'Rome' },
      allowed_domains: ['a'],
    };
    const tools = [{ kind: 'server', nativeType: 'web_search_20250305', name: 'web_search', raw }] as const;
    expect(write({ tools })).toMatchObject({ dropped: ['tools.web_search_20250305'] });
    expect(write({ tools }, { endpoint: { supportedParameters: new Set(['web_search_options']) } })).toMatchObject({
      body: { web_search_options: { user_location: { type: 'approximate', approximate: { city: 'Rome' } } } },
      dropped: ['web_search.allowed_domains'],
    });
  });
});
