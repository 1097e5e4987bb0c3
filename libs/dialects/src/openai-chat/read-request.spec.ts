import fc from 'fast-check';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import { target } from './dialect.fixture.js';
import { openaiChat } from './index.js';

const read = (changes: JsonObject) =>
  openaiChat.readRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...changes });
const readOne = (message: JsonObject) => read({ messages: [message] }).messages[0];

describe('reading a chat request', () => {
  it.each<[JsonObject, Conversation['reasoning']]>([
    [{}, undefined],
    [{ reasoning_effort: 'none' }, { mode: 'off' }],
    [{ reasoning_effort: 'low' }, { mode: 'on', effort: 'low' }],
    [{ reasoning: { effort: 'high', exclude: true } }, { mode: 'on', effort: 'high', display: 'omitted' }],
    [{ reasoning: { max_tokens: 2000 } }, { mode: 'on', budgetTokens: 2000 }],
    [{ reasoning: { enabled: true } }, { mode: 'on', effort: 'medium' }],
    [{ reasoning: { enabled: false, effort: 'high' } }, { mode: 'off' }],
    [
      { reasoning: { effort: 'high' }, reasoning_effort: 'low' },
      { mode: 'on', effort: 'high' },
    ],
    [
      { reasoning_effort: 'low', include_reasoning: false },
      { mode: 'on', effort: 'low', display: 'omitted' },
    ],
    [{ reasoning: { exclude: true } }, undefined],
  ])('thinking of %j', (changes, expected) => {
    expect(read(changes).reasoning).toEqual(expected);
  });

  it.each<[JsonObject, Conversation['toolChoice']]>([
    [{}, undefined],
    [{ tool_choice: 'auto' }, { mode: 'auto' }],
    [{ tool_choice: 'none' }, { mode: 'none' }],
    [{ tool_choice: 'required' }, { mode: 'any' }],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, { mode: 'tool', name: 'f' }],
    [{ tool_choice: { type: 'custom', custom: { name: 'g' } } }, { mode: 'tool', name: 'g' }],
    [{ function_call: { name: 'f' } }, { mode: 'tool', name: 'f' }],
    [{ function_call: 'none' }, { mode: 'none' }],
  ])('tool choice of %j', (changes, expected) => {
    expect(read(changes).toolChoice).toEqual(expected);
  });

  it.each<[JsonObject, number | undefined]>([
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 6 }, 6],
    [{ max_tokens: 5, max_completion_tokens: null }, 5],
    [{}, undefined],
  ])('limit of %j', (changes, expected) => {
    expect(read(changes).maxOutputTokens).toBe(expected);
  });

  it('leading instructions are blocks, later ones stay in place', () => {
    const conversation = read({
      messages: [
        { role: 'developer', content: 'a' },
        {
          role: 'system',
          content: [
            { type: 'text', text: 'b' },
            { type: 'text', text: 'c' },
          ],
        },
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'd' },
      ],
    });
    expect(conversation.system.map((block) => block.text)).toEqual(['a', 'b', 'c']);
    expect(conversation.messages.map((message) => message.role)).toEqual(['user', 'system']);
  });

  it('instructions that are no text are a 400 with their path', () => {
    const content = [{ type: 'image_url', image_url: { url: 'https://e.com' } }];
    const act = () => read({ messages: [{ role: 'system', content }] });
    expect(act).toThrow(GatewayError);
    expect(act).toThrow('messages.0.content');
  });

  it.each<[string, JsonObject, unknown]>([
    [
      'a bare URL',
      { type: 'image_url', image_url: 'https://e.com/a.png' },
      { type: 'image', source: { kind: 'url', url: 'https://e.com/a.png' } },
    ],
    [
      'a data URL without a type',
      { type: 'image_url', image_url: { url: 'data:;base64,AA==' } },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' } },
    ],
    [
      'a data URL with parameters',
      { type: 'image_url', image_url: { url: 'data:image/jpeg;name=a;base64,AA==' } },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/jpeg', data: 'AA==' } },
    ],
    [
      'a file as bare base64',
      { type: 'file', file: { file_data: 'JVBERi0=' } },
      { type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' } },
    ],
    [
      'a text file',
      { type: 'file', file: { file_data: 'data:text/plain,a%20b' } },
      { type: 'document', source: { kind: 'text', mediaType: 'text/plain', text: 'a b' } },
    ],
    [
      'an unknown part',
      { type: 'hologram', x: 1 },
      { type: 'opaque', dialect: 'openai-chat', name: 'hologram', raw: { type: 'hologram', x: 1 } },
    ],
    [
      'a breakpoint',
      { type: 'text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } },
      { type: 'text', text: 'x', cacheControl: { type: 'ephemeral' } },
    ],
  ])('parts: %s', (_what, part, expected) => {
    expect(readOne({ role: 'user', content: [part] })?.content).toEqual([expected]);
  });

  it.each<[string, JsonObject, unknown[]]>([
    ['reasoning_content', { reasoning_content: 'hm' }, [{ type: 'thinking', text: 'hm' }]],
    ['reasoning', { reasoning: 'hm' }, [{ type: 'thinking', text: 'hm' }]],
    [
      'a signed detail',
      { reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1' }] },
      [{ type: 'thinking', text: 'hm', signature: { origin: 'anthropic', value: 's' } }],
    ],
    [
      'a signed detail whose text is beside it',
      {
        reasoning_content: 'hm',
        reasoning_details: [{ type: 'reasoning.text', signature: 's', format: 'anthropic-claude-v1' }],
      },
      [{ type: 'thinking', text: 'hm', signature: { origin: 'anthropic', value: 's' } }],
    ],
    [
      'a tagged signature of another host',
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'sw1.gemini.YWJj', format: 'unknown' }] },
      [{ type: 'redacted-thinking', data: { origin: 'gemini', value: 'abc' } }],
    ],
  ])('history: %s', (_form, members, expected) => {
    expect(readOne({ role: 'assistant', content: null, ...members })?.content).toEqual(expected);
  });

  it('unknown response formats are kept to be named', () => {
    const response_format = { type: 'grammar', grammar: 'x' };
    expect(read({ response_format })).toMatchObject({ extras: { response_format } });
  });
});

describe('passing a chat request', () => {
  const pass = (body: JsonObject, streamUsage?: 'always') =>
    Object.fromEntries(openaiChat.passRequest(body, target({ deviations: streamUsage ? { streamUsage } : {} })));
  const model = 'acme-m1-turbo';

  it.each<[JsonObject, JsonObject]>([
    [{ model: 'm' }, { model }],
    [{ model: 'm', stream: false }, { model }],
    [
      { model: 'm', stream: true },
      { model, stream_options: { include_usage: true } },
    ],
    [
      { stream: true, stream_options: null },
      { model, stream_options: { include_usage: true } },
    ],
    [
      { stream: true, stream_options: { include_usage: false, include_obfuscation: false } },
      { model, stream_options: { include_usage: true, include_obfuscation: false } },
    ],
  ])('%j is edited by %j', (body, edits) => {
    expect(pass(body)).toEqual(edits);
  });

  it('a host that rejects the option never sees it', () => {
    expect([...openaiChat.passRequest({ stream: true }, target({ deviations: { streamUsage: 'always' } }))]).toEqual([
      ['model', model],
    ]);
    expect(pass({ stream: true, stream_options: { include_usage: true } }, 'always')).toEqual({
      model,
      stream_options: undefined,
    });
    expect(pass({ stream: true, stream_options: { include_usage: true, x: 1 } }, 'always')).toEqual({
      model,
      stream_options: { x: 1 },
    });
  });
});

describe('a chat request through the neutral conversation', () => {
  const word = fc.string({ minLength: 1, unit: 'grapheme' });
  const part = fc.oneof(
    word.map((text) => ({ type: 'text', text })),
    fc.constant({ type: 'image_url', image_url: { url: 'https://e.com/a.png', detail: 'low' } }),
    fc.constant({ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }),
    fc.constant({ type: 'input_audio', input_audio: { data: 'AA==', format: 'mp3' } }),
    fc.constant({ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } }),
  );
  const parts = fc.array(part, { minLength: 2, maxLength: 4 }).filter((all) => all.some((one) => one.type !== 'text'));
  const exchange = fc
    .tuple(word, fc.array(fc.tuple(word, word), { maxLength: 3 }), parts)
    .map(([said, calls, next]) => [
      {
        role: 'assistant',
        content: said,
        ...(calls.length > 0 && {
          tool_calls: calls.map(([args], index) => ({
            id: `c${index}`,
            type: 'function',
            function: { name: 'f', arguments: JSON.stringify({ args }) },
          })),
        }),
      },
      ...calls.map(([, output], index) => ({ role: 'tool', tool_call_id: `c${index}`, content: output })),
      { role: 'user', content: next },
    ]);
  const body = fc.record(
    {
      model: fc.constant('acme-m1-turbo'),
      messages: fc
        .tuple(word, parts, fc.array(exchange, { maxLength: 2 }))
        .map(([system, first, rest]) => [
          { role: 'system', content: system },
          { role: 'user', content: first },
          ...rest.flat(),
        ]),
      max_tokens: fc.integer({ min: 1, max: 1000 }),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      top_p: fc.double({ min: 0, max: 1, noNaN: true }),
      frequency_penalty: fc.constant(0.5),
      presence_penalty: fc.constant(-0.5),
      logit_bias: fc.constant({ '1': 2 }),
      logprobs: fc.constant(true),
      top_logprobs: fc.constant(3),
      seed: fc.nat(),
      n: fc.constant(1),
      stop: fc.array(word, { minLength: 1, maxLength: 4 }),
      reasoning_effort: fc.constantFrom('low', 'high'),
      response_format: fc.constantFrom<JsonObject>(
        { type: 'json_object' },
        {
          type: 'json_schema',
          json_schema: { name: 'n', description: 'd', schema: { type: 'object' }, strict: false },
        },
      ),
      verbosity: fc.constant('low'),
      prediction: fc.constant({ type: 'content', content: 'x' }),
      prompt_cache_key: fc.constant('k'),
      service_tier: fc.constantFrom('auto', 'flex'),
      web_search_options: fc.constant({}),
    },
    { requiredKeys: ['model', 'messages', 'max_tokens'] },
  );

  it('comes out as it went in, for everything that has a neutral word', () => {
    fc.assert(
      fc.property(body, (request) => {
        const { body: written, dropped } = openaiChat.writeRequest(openaiChat.readRequest(request), target());
        expect(written).toEqual(JSON.parse(JSON.stringify(request)));
        expect(dropped).toEqual([]);
      }),
    );
  });
});
