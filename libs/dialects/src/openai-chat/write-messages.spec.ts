import type { JsonObject } from '@switchyard/contract';
import type { Block, Conversation, Message } from '@switchyard/conversation';
import type { Deviations } from '../deviations.js';
import { conversation, target } from './dialect.fixture.js';
import type { TargetChanges } from './dialect.fixture.js';
import { openaiChat } from './index.js';

function write(messages: readonly Message[], changes: TargetChanges = {}, more: Partial<Conversation> = {}) {
  const { body, dropped, renamed } = openaiChat.writeRequest(conversation({ messages, ...more }), target(changes));
  return { messages: body['messages'] as JsonObject[], dropped, renamed };
}
const at = (deviations: Deviations): TargetChanges => ({ deviations });
const user = (...content: (Block | string)[]): Message => ({ role: 'user', content: content.map(blockOf) });
const assistant = (...content: (Block | string)[]): Message => ({ role: 'assistant', content: content.map(blockOf) });
const blockOf = (block: Block | string): Block => (typeof block === 'string' ? { type: 'text', text: block } : block);
const call = (id: string): Block => ({ type: 'tool-call', id, name: 'f', arguments: '{}', kind: 'function' });
const result = (callId: string, ...content: (Block | string)[]): Block => ({
  type: 'tool-result',
  callId,
  content: content.map(blockOf),
  isError: false,
});
const image: Block = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' } };
const imagePart = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } };
const thinking = (text: string, origin?: string): Block => ({
  type: 'thinking',
  text,
  ...(origin !== undefined && { signature: { origin, value: 'sig' } }),
});

describe('instructions', () => {
  const system = [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2; cch=1' },
    { type: 'text', text: 'One.' },
    { type: 'text', text: '' },
    { type: 'text', text: 'Two.', cacheControl: { type: 'ephemeral' } },
  ] as const;

  it('are one leading message, without the billing header and empty texts', () => {
    const written = write([user('hi')], {}, { system });
    expect(written.messages[0]).toEqual({ role: 'system', content: 'One.\n\nTwo.' });
    expect(written.dropped).toEqual(['cache_control']);
  });

  it.each<[TargetChanges, string]>([
    [{ traits: { developerRole: true } }, 'developer'],
    [{ traits: { developerRole: true }, deviations: { systemRole: 'system' } }, 'system'],
    [at({ systemRole: 'developer' }), 'developer'],
  ])('go by the role of host and model: %j', (where, role) => {
    expect(write([user('hi')], where, { system }).messages[0]).toMatchObject({ role });
  });

  it('keep cache markers where the host knows them', () => {
    expect(write([user('hi')], at({ cacheControl: true }), { system }).messages[0]).toEqual({
      role: 'system',
      content: [
        { type: 'text', text: 'One.' },
        { type: 'text', text: 'Two.', cache_control: { type: 'ephemeral' } },
      ],
    });
  });

  it('there are none: there is no message', () => {
    expect(write([user('hi')]).messages).toEqual([{ role: 'user', content: 'hi' }]);
  });

  const reminder = '<system-reminder>\nNote.\n</system-reminder>';
  const note: Message = { role: 'system', content: [{ type: 'text', text: 'Note.' }] };

  it.each<[string, Message[], JsonObject[]]>([
    [
      'after a user turn',
      [user('hi'), note, assistant('yes')],
      [
        { role: 'user', content: `hi\n\n${reminder}` },
        { role: 'assistant', content: 'yes' },
      ],
    ],
    [
      'before a user turn',
      [assistant('yes'), note, user('hi')],
      [
        { role: 'assistant', content: 'yes' },
        { role: 'user', content: `hi\n\n${reminder}` },
      ],
    ],
    [
      'alone at the end',
      [user('a'), assistant('yes'), note],
      [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'yes' },
        { role: 'user', content: reminder },
      ],
    ],
    [
      'between a call and its result: the result stays next to the call',
      [assistant(call('a')), note, user(result('a', 'ok'))],
      [
        expect.objectContaining({ role: 'assistant' }),
        { role: 'tool', tool_call_id: 'a', content: 'ok' },
        { role: 'user', content: reminder },
      ],
    ],
  ])('in mid-conversation are folded where the host wants that: %s', (_where, messages, expected) => {
    expect(write(messages, at({ midSystem: 'fold', prefill: 'plain' })).messages).toEqual(expected);
    expect(write(messages, { traits: { midSystem: false } }).messages).toEqual(expected);
  });

  it('in mid-conversation otherwise stay in place', () => {
    expect(write([user('hi'), note]).messages[1]).toEqual({ role: 'system', content: 'Note.' });
  });
});

describe('user content', () => {
  it('is a string where it is text, parts otherwise', () => {
    expect(write([user('a', '', 'b')]).messages).toEqual([{ role: 'user', content: 'a\n\nb' }]);
    expect(write([user('a', image)]).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a' }, imagePart] },
    ]);
  });

  it('that is empty is no message', () => {
    expect(write([user(''), user('x')]).messages).toEqual([{ role: 'user', content: 'x' }]);
  });

  it('with an image by URL becomes text for a host that fetches none', () => {
    const remote: Block = { type: 'image', source: { kind: 'url', url: 'https://e.com/a.png' } };
    expect(write([user(remote)], at({ imageUrls: false }))).toMatchObject({
      messages: [{ content: '[Image: https://e.com/a.png]' }],
      dropped: ['image.url'],
    });
  });

  it('keeps a name, unless the host rejects names', () => {
    const named: Message = { ...user('hi'), name: 'ada' };
    expect(write([named]).messages[0]).toEqual({ role: 'user', content: 'hi', name: 'ada' });
    expect(write([named], at({ rejects: ['messages[].name'] }))).toEqual(
      expect.objectContaining({ messages: [{ role: 'user', content: 'hi' }], dropped: ['messages.name'] }),
    );
  });

  it('gets the automatic cache marker on its last block', () => {
    const autoCache = { type: 'ephemeral', ttl: '1h' } as const;
    expect(write([user('a', 'b')], at({ cacheControl: true }), { autoCache }).messages[0]?.['content']).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ]);
    expect(write([user('a')], {}, { autoCache }).dropped).toEqual(['cache_control']);
  });
});

describe('tool results', () => {
  it('come first, each a message of its own', () => {
    const { messages } = write([
      assistant(call('a'), call('b')),
      user('and more', result('a', 'one', 'two'), result('b')),
    ]);
    expect(messages.slice(1)).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'one\ntwo' },
      { role: 'tool', tool_call_id: 'b', content: '(no output)' },
      { role: 'user', content: 'and more' },
    ]);
  });

  it('that failed say so', () => {
    const failed = { ...result('a', 'no such file'), isError: true } as Block;
    expect(write([assistant(call('a')), user(failed)]).messages[1]).toMatchObject({ content: 'Error: no such file' });
  });

  it('with images: the images follow all results of the turn in a user message', () => {
    const { messages } = write([assistant(call('a'), call('b')), user(result('a', 'see', image), result('b', image))]);
    expect(messages.slice(1)).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'see' },
      { role: 'tool', tool_call_id: 'b', content: '[see the next message]' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Image from tool result a' },
          imagePart,
          { type: 'text', text: 'Image from tool result b' },
          imagePart,
        ],
      },
    ]);
  });

  it('that are missing are made up, wherever the history goes on', () => {
    const noResult = { role: 'tool', tool_call_id: 'a', content: '[no result]' };
    expect(write([assistant(call('a'))]).messages[1]).toEqual(noResult);
    expect(write([assistant(call('a')), user('never mind')]).messages.slice(1)).toEqual([
      noResult,
      { role: 'user', content: 'never mind' },
    ]);
    expect(write([assistant(call('a')), assistant('x')]).messages[1]).toEqual(noResult);
    const note: Message = { role: 'system', content: [{ type: 'text', text: 'n' }] };
    expect(write([assistant(call('a')), note]).messages[1]).toEqual(noResult);
  });

  it('without their call are left out and named', () => {
    expect(write([user(result('a', 'x'), 'hi')])).toMatchObject({
      messages: [{ role: 'user', content: 'hi' }],
      dropped: ['tool_result.orphan'],
    });
  });

  it('split over several user messages are one turn', () => {
    const { messages, dropped } = write([
      assistant(call('a'), call('b')),
      user(result('a', '1')),
      user(result('b', '2'), 'go'),
    ]);
    expect(messages.slice(1).map((message) => message['role'])).toEqual(['tool', 'tool', 'user']);
    expect(dropped).toEqual([]);
  });

  it('take the following text in where the host wants no user message after them', () => {
    const where = at({ userAfterTool: 'merge' });
    const { messages } = write([assistant(call('a')), user(result('a', 'out'), 'and now?')], where);
    expect(messages.slice(1)).toEqual([{ role: 'tool', tool_call_id: 'a', content: 'out\n\nand now?' }]);
    // Media cannot be merged.
    expect(write([assistant(call('a')), user(result('a', image))], where).messages).toHaveLength(3);
  });

  it('and calls share ids in the form the host wants', () => {
    const { messages, renamed } = write(
      [assistant(call('functions.Bash:0')), user(result('functions.Bash:0', 'x'))],
      at({ toolIds: 'alnum9' }),
    );
    const id = (messages[0]?.['tool_calls'] as { id: string }[])[0]!.id;
    expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(messages[1]?.['tool_call_id']).toBe(id);
    expect(renamed.get(id)).toBe('functions.Bash:0');
    const kept = write([assistant(call('gSIMJiOkT')), user(result('gSIMJiOkT'))], at({ toolIds: 'alnum9' }));
    expect(kept.messages[1]?.['tool_call_id']).toBe('gSIMJiOkT');
  });

  it('and calls with an id that is too long share a short one', () => {
    const id = `toolu_${'x'.repeat(100)}`;
    const { messages } = write([assistant(call(id)), user(result(id))]);
    expect((messages[1]?.['tool_call_id'] as string).length).toBeLessThanOrEqual(64);
    expect((messages[0]?.['tool_calls'] as JsonObject[])[0]?.['id']).toBe(messages[1]?.['tool_call_id']);
  });
});

describe('assistant content', () => {
  it('is text, and null beside calls when there is none', () => {
    expect(write([assistant('a', 'b'), user('x')]).messages[0]).toEqual({ role: 'assistant', content: 'ab' });
    expect(write([assistant(call('a'))]).messages[0]).toMatchObject({ content: null, tool_calls: [{ id: 'a' }] });
  });

  it('with a call without arguments says {}', () => {
    const empty: Block = { type: 'tool-call', id: 'a', name: 'f', arguments: '', kind: 'function' };
    expect(write([assistant(empty)]).messages[0]).toMatchObject({ tool_calls: [{ function: { arguments: '{}' } }] });
  });

  it('keeps a refusal as such', () => {
    expect(write([assistant({ type: 'refusal', text: 'no' }), user('x')]).messages[0]).toEqual({
      role: 'assistant',
      content: null,
      refusal: 'no',
    });
  });

  it('names what only another dialect has', () => {
    const opaque: Block = { type: 'opaque', dialect: 'anthropic-messages', name: 'server_tool_use', raw: {} };
    expect(write([assistant(opaque, 'x'), user('y')]).dropped).toEqual(['server_tool_use']);
  });
});

describe('earlier thinking', () => {
  const history = (...blocks: Block[]) => [user('q'), assistant(...blocks, 'a'), user('r')];

  it('never becomes visible text, and is dropped by default', () => {
    const redacted: Block = { type: 'redacted-thinking', data: { origin: 'anthropic', value: 'x' } };
    const written = write(history(thinking('secret', 'anthropic'), redacted));
    expect(JSON.stringify(written.messages)).not.toContain('secret');
    expect(written.dropped).toEqual(['redacted_thinking', 'thinking']);
  });

  it.each<[string, Block, string | undefined, string[]]>([
    ['unsigned', thinking('hm'), 'hm', []],
    ["the host's own", thinking('hm', 'host'), 'hm', []],
    ["another's", thinking('hm', 'anthropic'), undefined, ['thinking']],
  ])('goes back as reasoning_content: %s', (_whose, block, expected, dropped) => {
    const written = write(history(block), at({ reasoningInput: 'reasoning_content' }));
    expect(written.messages[1]?.['reasoning_content']).toBe(expected);
    expect(written.dropped).toEqual(dropped);
  });

  it('is present on every assistant turn where the host wants that with tools', () => {
    const where = at({ reasoningInput: 'reasoning_content', reasoningInputRequired: true });
    const tools = [{ kind: 'function', name: 'f' }] as const;
    expect(write(history(), where, { tools }).messages[1]).toMatchObject({ reasoning_content: '' });
    expect(write(history(), where).messages[1]).not.toHaveProperty('reasoning_content');
  });

  it("goes back as reasoning_details, Anthropic's to Claude alone", () => {
    const where: TargetChanges = {
      ...at({ reasoningInput: 'reasoning_details' }),
      model: { id: 'anthropic/claude-opus-4.8' },
    };
    expect(write(history(thinking('hm', 'anthropic')), where).messages[1]).toMatchObject({
      reasoning_details: [
        { type: 'reasoning.text', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
      ],
    });
    const other = write(history(thinking('hm', 'anthropic')), at({ reasoningInput: 'reasoning_details' }));
    expect(other.messages[1]).not.toHaveProperty('reasoning_details');
    expect(other.dropped).toEqual(['thinking']);
  });

  it('of the host itself goes back unmodified after a trip through a client', () => {
    const details = [
      { type: 'reasoning.summary', summary: 'sum', format: 'openai-responses-v1', id: 'rs_1', index: 0 },
      { type: 'reasoning.encrypted', data: 'enc', format: 'openai-responses-v1', id: 'rs_1', index: 1 },
      { type: 'reasoning.text', text: 'hm', signature: 'g', format: 'google-gemini-v1', index: 2 },
    ];
    const message = { role: 'assistant', content: 'a', reasoning_details: details };
    const answer = openaiChat.readAnswer(
      { choices: [{ index: 0, message, finish_reason: 'stop' }] },
      { origin: 'host', deviations: {}, renamed: new Map() },
    );
    const written = write(
      [user('q'), { role: 'assistant', content: answer.content }, user('r')],
      at({ reasoningInput: 'reasoning_details' }),
    );
    expect(written.messages[1]?.['reasoning_details']).toEqual(details);
  });
});

describe('a prefill', () => {
  it.each<[TargetChanges, JsonObject[]]>([
    [{}, [{ role: 'assistant', content: 'Once' }]],
    [at({ prefill: 'plain' }), [{ role: 'assistant', content: 'Once' }]],
    [at({ prefill: 'prefix' }), [{ role: 'assistant', content: 'Once', prefix: true }]],
    [at({ prefill: 'partial' }), [{ role: 'assistant', content: 'Once', partial: true }]],
    [
      at({ prefill: 'none' }),
      [
        { role: 'assistant', content: 'Once' },
        { role: 'user', content: expect.stringContaining('Continue') },
      ],
    ],
    [
      { traits: { prefill: false } },
      [
        { role: 'assistant', content: 'Once' },
        { role: 'user', content: expect.stringContaining('Continue') },
      ],
    ],
  ])('under %j', (where, expected) => {
    expect(write([user('tell'), assistant('Once')], where).messages.slice(1)).toEqual(expected);
  });
});
