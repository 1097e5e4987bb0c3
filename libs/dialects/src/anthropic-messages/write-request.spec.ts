import { UpstreamError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Block, Conversation, Message, Tool } from '@switchyard/conversation';
import { conversationOf, targetOf } from './__fixtures__/kit.js';
import type { TargetFacts } from './__fixtures__/kit.js';
import { writeRequest } from './write-request.js';

interface Turn {
  readonly role: string;
  readonly content: readonly JsonObject[];
}

function write(parts: Partial<Conversation>, facts: TargetFacts = {}) {
  const written = writeRequest(conversationOf(parts), targetOf(facts));
  return { ...written, turns: written.body['messages'] as unknown as readonly Turn[] };
}

const text = (value: string): Block => ({ type: 'text', text: value });
const user = (...content: Block[]): Message => ({ role: 'user', content });
const assistant = (...content: Block[]): Message => ({ role: 'assistant', content });
const call = (id: string, args = '{}', name = 'f'): Block => ({
  type: 'tool-call',
  id,
  name,
  arguments: args,
  kind: 'function',
});
const result = (callId: string, ...content: Block[]): Block => ({
  type: 'tool-result',
  callId,
  content,
  isError: false,
});
const TOOL: Tool = { kind: 'function', name: 'f', schema: { type: 'object', properties: {} } };

describe('turns written for Anthropic', () => {
  it('gather parallel tool results and the following message into one user turn, results first', () => {
    const { turns } = write({
      messages: [
        user(text('go')),
        assistant(call('a'), call('b')),
        user(result('b', text('2'))),
        user(text('note')),
        user(result('a', text('1'))),
      ],
    });
    expect(turns.map((turn) => turn.role)).toEqual(['user', 'assistant', 'user']);
    expect(turns[2]?.content.map((block) => block['tool_use_id'] ?? block['text'])).toEqual(['b', 'a', 'note']);
  });

  it('make up the result of a call that was never answered, also at the very end', () => {
    const { turns } = write({
      messages: [user(text('go')), assistant(call('a'), call('b')), user(result('a', text('1')))],
    });
    expect(turns[2]?.content).toEqual([
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: '1' }] },
      { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: '[no result]' }] },
    ]);
    const open = write({ messages: [user(text('go')), assistant(call('a'))] });
    expect(open.turns.at(-1)).toMatchObject({ role: 'user', content: [{ tool_use_id: 'a' }] });
  });

  it('leave out a result that answers no call, and name it', () => {
    const { turns, dropped } = write({ messages: [user(result('ghost', text('x'))), user(text('hi'))] });
    expect(turns).toEqual([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }]);
    expect(dropped).toEqual(['tool_result']);
  });

  it('change ids that Anthropic refuses the same way in call and result, and remember the original', () => {
    const { turns, renamed } = write({
      messages: [user(text('go')), assistant(call('functions.Bash:0')), user(result('functions.Bash:0'))],
    });
    const sent = turns[1]?.content[0]?.['id'];
    expect(sent).toMatch(/^[a-zA-Z0-9_-]+$/);
    expect(turns[2]?.content[0]?.['tool_use_id']).toBe(sent);
    expect(renamed.get(sent as string)).toBe('functions.Bash:0');
  });

  it('make ids unique where a host counts from zero in every turn', () => {
    const { turns } = write({
      messages: [
        user(text('go')),
        assistant(call('c0')),
        user(result('c0', text('1'))),
        assistant(call('c0')),
        user(result('c0', text('2'))),
      ],
    });
    const ids = turns.flatMap((turn) => turn.content.map((block) => block['id'] ?? block['tool_use_id'] ?? null));
    expect(ids).toEqual([null, 'c0', 'c0', 'c0_2', 'c0_2']);
  });

  it.each<[string, string, JsonObject]>([
    ['nothing as no arguments', '', {}],
    ['null as no arguments', 'null', {}],
    ['an object as it is', '{"a":1}', { a: 1 }],
    ['an object inside a string', '"{\\"a\\":1}"', { a: 1 }],
    ['a bare value wrapped', '[1]', { value: [1] }],
    ['broken JSON kept as text', '{"a":', { _raw: '{"a":' }],
  ])('take %s', (_, args, input) => {
    const { turns } = write({ messages: [user(text('go')), assistant(call('a', args)), user(result('a'))] });
    expect(turns[1]?.content[0]?.['input']).toEqual(input);
  });

  it('hold no empty text anywhere, and no turn of which nothing is left', () => {
    const { body, turns } = write({
      system: [{ type: 'text', text: ' ' }],
      messages: [
        user(text('go')),
        assistant(text('\n')),
        user(text(''), text('on')),
        assistant(call('a')),
        user(result('a', text(' '))),
      ],
    });
    expect(body['system']).toBeUndefined();
    expect(turns.map((turn) => turn.content)).toEqual([
      [
        { type: 'text', text: 'go' },
        { type: 'text', text: 'on' },
      ],
      [{ type: 'tool_use', id: 'a', name: 'f', input: {} }],
      [{ type: 'tool_result', tool_use_id: 'a' }],
    ]);
  });

  it('begin with the user, whatever the caller begins with', () => {
    expect(write({ messages: [assistant(text('hello')), user(text('hi'))] }).turns[0]?.role).toBe('user');
    expect(write({ messages: [], system: [{ type: 'text', text: 's' }] }).turns).toHaveLength(1);
  });

  it('keep a prefill without trailing white space where the model takes one', () => {
    const { turns, dropped } = write({ messages: [user(text('go')), assistant(text('{"a": \n'))] });
    expect(turns.at(-1)).toEqual({ role: 'assistant', content: [{ type: 'text', text: '{"a":' }] });
    expect(dropped).toEqual([]);
  });

  it.each<[string, Partial<Conversation>, TargetFacts]>([
    ['the model refuses it', {}, { traits: { prefill: false } }],
    ['the host refuses it', {}, { deviations: { prefill: 'none' } }],
    ['thinking is on', { reasoning: { mode: 'on', effort: 'low' } }, { traits: { thinking: 'budget' } }],
  ])('end with the user where a prefill cannot be: %s', (_, parts, facts) => {
    const { turns, dropped } = write({ ...parts, messages: [user(text('go')), assistant(text('And'))] }, facts);
    expect(turns.at(-1)?.role).toBe('user');
    expect(dropped).toContain('prefill');
  });

  it('put instructions of mid-conversation into the user turn, or keep them where the model takes them', () => {
    const messages: Message[] = [
      user(text('go')),
      { role: 'system', content: [text('Be brief.')] },
      assistant(text('ok')),
      user(text('on')),
    ];
    expect(write({ messages }).turns[0]?.content[1]).toEqual({
      type: 'text',
      text: '<system-reminder>\nBe brief.\n</system-reminder>',
    });
    const kept = write({ messages }, { traits: { midSystem: true } });
    expect(kept.turns.map((turn) => turn.role)).toEqual(['user', 'system', 'assistant', 'user']);
  });

  it('never leave an instruction where Anthropic does not allow one', () => {
    const messages: Message[] = [
      { role: 'system', content: [text('A')] },
      user(text('go')),
      { role: 'system', content: [text('B')] },
      user(text('on')),
    ];
    expect(write({ messages }, { traits: { midSystem: true } }).turns.map((turn) => turn.role)).toEqual(['user']);
  });
});

describe('reasoning of earlier turns', () => {
  const thought = (origin: string, value: string): Block => ({
    type: 'thinking',
    text: 't',
    signature: { origin, value },
  });

  it.each([
    ['anthropic', 'anthropic'],
    ['minimax', 'minimax'],
    ['anthropic', 'minimax'],
  ])('of %s is replayed byte for byte at %s', (origin, target) => {
    const redacted: Block = { type: 'redacted-thinking', data: { origin, value: 'EmwKAhgB' } };
    const { turns, dropped } = write(
      { messages: [user(text('go')), assistant(thought(origin, 'EqQB=='), redacted, text('ok')), user(text('on'))] },
      { origin: target },
    );
    expect(turns[1]?.content.slice(0, 2)).toEqual([
      { type: 'thinking', thinking: 't', signature: 'EqQB==' },
      { type: 'redacted_thinking', data: 'EmwKAhgB' },
    ]);
    expect(dropped).toEqual([]);
  });

  it('of another origin is left out and named', () => {
    const { turns, dropped } = write({
      messages: [user(text('go')), assistant(thought('openrouter', 'x'), text('ok')), user(text('on'))],
    });
    expect(turns[1]?.content).toEqual([{ type: 'text', text: 'ok' }]);
    expect(dropped).toEqual(['thinking.signature']);
  });

  it.each<Block>([{ type: 'thinking', text: 't' }, thought('deepseek', ''), thought('anthropic', '')])(
    'without a proof is left out and named: %j',
    (block) => {
      const { turns, dropped } = write({
        messages: [user(text('go')), assistant(block, text('ok')), user(text('on'))],
      });
      expect(turns[1]?.content).toEqual([{ type: 'text', text: 'ok' }]);
      expect(dropped).toEqual(['thinking']);
    },
  );
});

describe('media written for Anthropic', () => {
  it('have the media type their bytes show', () => {
    const image: Block = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: '/9j/4AAQ' } };
    expect(write({ messages: [user(image)] }).turns[0]?.content[0]).toEqual({
      type: 'image',
      source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/4AAQ' },
    });
  });

  it('stay inside tool results', () => {
    const image: Block = { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } };
    const { turns } = write({
      messages: [user(text('go')), assistant(call('a')), user(result('a', text('see'), image))],
    });
    expect(turns[2]?.content[0]?.['content']).toHaveLength(2);
  });

  it('of a text format go as text, since only PDF is taken as bytes', () => {
    const data = Buffer.from('a,b').toString('base64');
    const file: Block = { type: 'document', title: 'a.csv', source: { kind: 'base64', mediaType: 'text/csv', data } };
    expect(write({ messages: [user(file)] }).turns[0]?.content[0]).toEqual({
      type: 'document',
      title: 'a.csv',
      source: { type: 'text', media_type: 'text/plain', data: 'a,b' },
    });
  });

  it('uploaded to another vendor are left out and named', () => {
    const file: Block = { type: 'document', source: { kind: 'file', fileId: 'file-abc' } };
    expect(write({ messages: [user(file, text('hi'))] }).dropped).toEqual(['file_id']);
  });

  it.each<[string, Partial<Conversation>]>([
    ['audio', { messages: [user({ type: 'audio', data: 'x', format: 'wav' })] }],
    ['several choices', { choices: 2 }],
  ])('refuse %s, so that another endpoint is tried', (_, parts) => {
    expect(() => write(parts)).toThrow(UpstreamError);
    expect(() => write(parts)).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ class: 'endpoint_specific' }) as unknown }) as Error,
    );
  });
});

describe('parameters written for Anthropic', () => {
  it.each<[string, Partial<Conversation>, TargetFacts, number]>([
    ['as asked', { maxOutputTokens: 100 }, {}, 100],
    ['within the limit of the endpoint', { maxOutputTokens: 100_000 }, {}, 64_000],
    ["by default the endpoint's limit", {}, {}, 64_000],
    ['by default 8,192 where no limit is known', {}, { maxOutputTokens: null }, 8_192],
  ])('max_tokens: %s', (_, parts, facts, expected) => {
    expect(write(parts, facts).body['max_tokens']).toBe(expected);
  });

  it('cap the temperature at 1 and take one of temperature and top_p', () => {
    const { body, dropped } = write({ temperature: 1.7, topP: 0.9, topK: 5 });
    expect(body).toMatchObject({ temperature: 1, top_k: 5 });
    expect(body).not.toHaveProperty('top_p');
    expect(dropped).toEqual(['top_p']);
    expect(write({ topP: 0.9 }).body['top_p']).toBe(0.9);
  });

  it('leave sampling out for models that reject it', () => {
    const { body, dropped } = write({ temperature: 0.2, topP: 0.9, topK: 5 }, { traits: { sampling: false } });
    expect(Object.keys(body)).toEqual(['model', 'max_tokens', 'messages']);
    expect(dropped).toEqual(['temperature', 'top_k', 'top_p']);
  });

  it('leave out what the host rejects', () => {
    const { body, dropped } = write(
      { topK: 3, stop: ['x'], endUser: 'u' },
      { deviations: { rejects: ['top_k', 'stop', 'model'] } },
    );
    expect(body).toEqual(expect.objectContaining({ model: 'acme-m1-20260101', metadata: { user_id: 'u' } }));
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['top_k']));
    expect(dropped).toEqual(['stop', 'top_k']);
  });

  it('name everything the protocol has no form for', () => {
    const { dropped } = write({
      minP: 0.1,
      frequencyPenalty: 1,
      presencePenalty: 1,
      repetitionPenalty: 1.1,
      logitBias: { 1: 2 },
      logprobs: true,
      topLogprobs: 3,
      seed: 0,
      verbosity: 'low',
      metadata: { a: 'b' },
      promptCacheKey: 'k',
      prediction: { type: 'content' },
      extras: { store: true },
    });
    expect(dropped).toEqual([
      'frequency_penalty',
      'logit_bias',
      'logprobs',
      'metadata',
      'min_p',
      'prediction',
      'presence_penalty',
      'prompt_cache_key',
      'repetition_penalty',
      'seed',
      'store',
      'top_logprobs',
      'verbosity',
    ]);
  });

  it('report nothing lost where a field only spells out its default', () => {
    expect(write({ choices: 1, logprobs: false, presencePenalty: 0, frequencyPenalty: 0 }).dropped).toEqual([]);
  });

  it.each([
    ['auto', 'auto', []],
    ['default', 'standard_only', []],
    ['standard_only', 'standard_only', []],
    ['priority', 'auto', []],
    ['flex', undefined, ['service_tier']],
  ])('service tier %s becomes %s', (tier, expected, lost) => {
    const { body, dropped } = write({ serviceTier: tier });
    expect(body['service_tier']).toBe(expected);
    expect(dropped).toEqual(lost);
  });
});

describe('cache markers written for Anthropic', () => {
  const marked = (value: string): Block => ({ type: 'text', text: value, cacheControl: { type: 'ephemeral' } });

  it('are at most four, and the oldest of the messages go first', () => {
    const { body, turns, dropped } = write({
      system: [{ type: 'text', text: 's', cacheControl: { type: 'ephemeral', ttl: '1h' } }],
      tools: [{ ...TOOL, cacheControl: { type: 'ephemeral' } }],
      messages: [
        user(marked('1')),
        assistant(text('ok')),
        user(marked('2')),
        assistant(text('ok')),
        user(marked('3'), marked('4')),
      ],
    });
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
    expect(
      turns.flatMap((turn) => turn.content.filter((block) => block['cache_control']).map((block) => block['text'])),
    ).toEqual(['3', '4']);
    expect(body['system']).toEqual([{ type: 'text', text: 's', cache_control: { type: 'ephemeral', ttl: '1h' } }]);
    expect(dropped).toEqual(['cache_control']);
  });

  it("inside tool results count too, and the caller's own objects are never changed", () => {
    const raw = { type: 'brand_new', cache_control: { type: 'ephemeral' }, content: [null, { cache_control: 1 }] };
    const opaque: Block = { type: 'opaque', dialect: 'anthropic-messages', name: 'brand_new', raw };
    const { body } = write({
      messages: [
        user(text('go')),
        assistant(call('a')),
        user(result('a', marked('1'), marked('2')), opaque, marked('3'), marked('4')),
      ],
    });
    expect(JSON.stringify(body).match(/"cache_control":\{/g)).toHaveLength(4);
    expect(JSON.stringify(body)).not.toContain('"text":"1","cache_control"');
    expect(raw.cache_control).toEqual({ type: 'ephemeral' });
  });

  it('count the automatic one', () => {
    const { body } = write({
      autoCache: { type: 'ephemeral' },
      messages: [user(marked('1'), marked('2'), marked('3'), marked('4'))],
    });
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
    expect(body['cache_control']).toEqual({ type: 'ephemeral' });
  });

  it('are left out for hosts that do not know them', () => {
    const { body, dropped } = write({ messages: [user(marked('1'))] }, { deviations: { cacheControl: false } });
    expect(JSON.stringify(body)).not.toContain('cache_control');
    expect(dropped).toEqual(['cache_control']);
  });
});
