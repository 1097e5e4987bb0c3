import fc from 'fast-check';
import { ZERO_USAGE } from '@switchyard/contract';
import type { JsonObject, Usage } from '@switchyard/contract';
import { fold } from '@switchyard/conversation';
import type { Answer, Signature, StopReason, StreamEvent } from '@switchyard/conversation';
import type { WriteContext } from '../dialect.js';
import { context, frames, origin, payloadsOf, readFolded } from './dialect.fixture.js';
import { openaiChat } from './index.js';

function writeAll(events: readonly StreamEvent[], changes: Partial<WriteContext> = {}): string {
  const writer = openaiChat.streamWriter(context(changes));
  return events.map((event) => writer.write(event)).join('');
}

const objectsIn = (text: string): JsonObject[] =>
  payloadsOf(text)
    .filter((payload) => payload !== '[DONE]')
    .map((payload) => JSON.parse(payload) as JsonObject);

const choiceOf = (object: JsonObject | undefined) =>
  (object?.['choices'] as { delta: JsonObject; finish_reason: string | null; logprobs: unknown }[])[0];
const deltasIn = (text: string) => objectsIn(text).flatMap((object) => choiceOf(object)?.delta ?? []);

const usage: Usage = { ...ZERO_USAGE, uncachedInput: 10, cacheRead: 4, cacheWrite1h: 2, output: 3, reasoning: 5 };
const start: StreamEvent = {
  type: 'message-start',
  upstreamId: 'msg_1',
  upstreamModel: 'claude',
  usage: { present: false, usage: ZERO_USAGE, suspect: [] },
};
const end = (stopReason: StopReason = 'end', present = true): StreamEvent[] => [
  { type: 'message-delta', stopReason },
  { type: 'message-end', usage: { present, usage, suspect: [] } },
];
const text = (value: string): StreamEvent[] => [
  { type: 'text-start' },
  { type: 'text-delta', text: value },
  { type: 'block-end' },
];

describe('a stream for a chat client', () => {
  it('begins with the role and ends with finish, usage and [DONE]', () => {
    const written = writeAll([start, ...text('hi'), ...end()]);
    const objects = objectsIn(written);
    expect(deltasIn(written)).toEqual([{ role: 'assistant', content: '' }, { content: 'hi' }, {}]);
    expect(objects.map((object) => choiceOf(object)?.finish_reason)).toEqual([null, null, 'stop', undefined]);
    expect(objects.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 16,
        completion_tokens: 8,
        total_tokens: 24,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
    });
    expect(payloadsOf(written).at(-1)).toBe('[DONE]');
    for (const object of objects) {
      expect(object).toMatchObject({
        id: 'chatcmpl-g1',
        object: 'chat.completion.chunk',
        created: 1_700_000_000,
        model: 'acme/m1',
        provider: 'host',
      });
    }
  });

  it('has usage only for a client that asked, with cost', () => {
    const costFields = () => ({ cost: 0.5 });
    expect(writeAll([start, ...text('hi'), ...end()], { includeUsage: false, costFields })).not.toContain('usage');
    expect(objectsIn(writeAll([start, ...text('hi'), ...end()], { costFields })).at(-1)).toMatchObject({
      usage: { cost: 0.5 },
    });
  });

  it.each<[string, boolean, boolean, number]>([
    ['the usage chunk', true, true, -1],
    ['the finish chunk where usage was not asked for', false, true, -1],
    ['the finish chunk where no usage came', true, false, -1],
  ])('puts routing metadata on %s', (_where, includeUsage, present, index) => {
    const written = writeAll([start, ...text('hi'), ...end('end', present)], {
      includeUsage,
      routing: () => ({ a: 1 }),
    });
    expect(objectsIn(written).at(index)).toMatchObject({ routing: { a: 1 } });
    expect(written.match(/"routing"/g)).toHaveLength(1);
  });

  it('numbers tool calls by their own ordinal and gives {} to a call without arguments', () => {
    const call = (id: string, ...args: string[]): StreamEvent[] => [
      { type: 'tool-call-start', id, name: 'f', kind: 'function' },
      ...args.map((fragment) => ({ type: 'tool-call-delta' as const, arguments: fragment })),
      { type: 'block-end' },
    ];
    const written = writeAll([
      start,
      ...text('hi'),
      ...call('a', '', '{"x"', ':1}'),
      ...call('b', ''),
      ...end('tool-use'),
    ]);
    expect(deltasIn(written).slice(2, -1)).toEqual([
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] },
      { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
      { tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
    ]);
    expect(choiceOf(objectsIn(written).at(-2))?.finish_reason).toBe('tool_calls');
  });

  it('shows thinking as reasoning_content and its signature as a reasoning detail', () => {
    const foreign: Signature = { origin: 'gemini', value: 'abc' };
    const written = writeAll([
      start,
      { type: 'thinking-start' },
      { type: 'thinking-delta', text: 'h' },
      { type: 'thinking-delta', text: 'm' },
      { type: 'thinking-signature', signature: { origin: 'anthropic', value: 'sig' } },
      { type: 'block-end' },
      { type: 'redacted-thinking', data: foreign },
      ...text('hi'),
      ...end(),
    ]);
    expect(deltasIn(written).slice(1, 5)).toEqual([
      { reasoning_content: 'h' },
      { reasoning_content: 'm' },
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
        ],
      },
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'sw1.gemini.YWJj', format: 'unknown', index: 1 }] },
    ]);
  });

  it('makes annotations of citations that have a URL, over the text they stand in', () => {
    const written = writeAll([
      start,
      ...text('One. '),
      { type: 'text-start' },
      { type: 'text-delta', text: 'Two.' },
      { type: 'citation', citation: { kind: 'web', url: 'https://e.com', title: 'E', citedText: 'two' } },
      { type: 'citation', citation: { kind: 'char', citedText: 'from a document' } },
      { type: 'block-end' },
      ...end(),
    ]);
    expect(deltasIn(written).at(-2)).toEqual({
      annotations: [
        {
          type: 'url_citation',
          url_citation: { start_index: 5, end_index: 9, title: 'E', url: 'https://e.com', content: 'two' },
        },
      ],
    });
  });

  it('explains a refusal that has no content', () => {
    const written = writeAll([
      start,
      { type: 'message-delta', stopReason: 'refusal', refusal: { category: 'cyber', explanation: 'I must not.' } },
      ...end('refusal').slice(1),
    ]);
    expect(deltasIn(written)).toEqual([{ role: 'assistant', content: '' }, { refusal: 'I must not.' }, {}]);
    expect(choiceOf(objectsIn(written).at(-2))?.finish_reason).toBe('content_filter');
  });

  it('shows nothing of what only Anthropic clients understand, and keeps an idle line open', () => {
    const raw = { type: 'server_tool_use' };
    const written = writeAll([
      start,
      { type: 'opaque', block: { type: 'opaque', dialect: 'anthropic-messages', name: 'server_tool_use', raw } },
      { type: 'ping' },
      ...text('hi'),
      ...end(),
    ]);
    expect(deltasIn(written)).toHaveLength(3);
    expect(written).toContain('\n\n: keep-alive\n\n');
  });

  it.each<[StopReason, string]>([
    ['end', 'stop'],
    ['stop-sequence', 'stop'],
    ['pause', 'stop'],
    ['max-tokens', 'length'],
    ['context-window', 'length'],
    ['refusal', 'content_filter'],
    ['content-filter', 'content_filter'],
    ['tool-use', 'stop'],
  ])('says %s as %s when no tool is called', (stopReason, word) => {
    const written = writeAll([start, ...text('hi'), ...end(stopReason)]);
    expect(choiceOf(objectsIn(written).at(-2))?.finish_reason).toBe(word);
  });
});

const signature = fc.record({ origin: fc.constantFrom('anthropic', 'gemini'), value: fc.string({ minLength: 1 }) });
const fragments = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 });
const thinkingBlock = fc
  .tuple(fragments, fc.option(signature, { nil: undefined }))
  .map(([texts, proof]): StreamEvent[] => [
    { type: 'thinking-start' },
    ...texts.map((one) => ({ type: 'thinking-delta' as const, text: one })),
    ...(proof === undefined ? [] : [{ type: 'thinking-signature' as const, signature: proof }]),
    { type: 'block-end' },
  ]);
const textBlock = fragments.map((texts): StreamEvent[] => [
  { type: 'text-start' },
  ...texts.map((one) => ({ type: 'text-delta' as const, text: one })),
  { type: 'block-end' },
]);
const callBlock = fc
  .tuple(fc.uuid(), fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 }))
  .map(([id, value]): StreamEvent[] => [
    { type: 'tool-call-start', id, name: 'f', kind: 'function' },
    { type: 'tool-call-delta', arguments: JSON.stringify(value) },
    { type: 'block-end' },
  ]);
/** Blocks in the order in which chat has room for them: thinking, text, calls. */
const anyAnswer = fc
  .tuple(
    fc.option(thinkingBlock, { nil: [] }),
    textBlock,
    fc.array(callBlock, { maxLength: 3 }),
    fc.constantFrom<StopReason>('end', 'max-tokens'),
  )
  .map(([thinking, said, calls, stopReason]) => [
    start,
    ...thinking,
    ...said,
    ...calls.flat(),
    ...end(stopReason === 'end' && calls.length > 0 ? 'tool-use' : stopReason),
  ]);

describe('laws of the writers', () => {
  const readBack = (body: JsonObject): Answer => openaiChat.readAnswer(body, origin({ thinkTags: false }));
  const readStream = (written: string): Answer =>
    readFolded(openaiChat.streamReader(origin({ thinkTags: false })), frames(payloadsOf(written)));

  it('a written stream means what the written whole answer means', () => {
    fc.assert(
      fc.property(anyAnswer, (events) => {
        expect(readStream(writeAll(events))).toEqual(readBack(openaiChat.writeAnswer(fold(events), context())));
      }),
    );
  });

  it('an answer survives being written and read, but for the ids of the line', () => {
    fc.assert(
      fc.property(anyAnswer, (events) => {
        const answer = fold(events);
        const { content, stopReason, usage: read } = readBack(openaiChat.writeAnswer(answer, context()));
        expect(content).toEqual(answer.content);
        expect(stopReason).toBe(answer.stopReason);
        // Lifetimes of cache writes have no place in OpenAI's usage.
        expect(read.usage).toEqual({ ...usage, cacheWrite1h: 0, cacheWrite5m: usage.cacheWrite1h });
      }),
    );
  });

  it('usage is the same in the stream and in the whole answer', () => {
    fc.assert(
      fc.property(anyAnswer, (events) => {
        const streamed = objectsIn(writeAll(events)).at(-1)?.['usage'];
        expect(streamed).toEqual(openaiChat.writeAnswer(fold(events), context())['usage']);
      }),
    );
  });
});
