import fc from 'fast-check';
import { UpstreamError } from '@switchyard/contract';
import type { FailureClass, JsonObject } from '@switchyard/contract';
import type { WriteContext } from '../dialect.js';
import { chunk, context, frames, origin, payloadsOf, readFolded } from './dialect.fixture.js';
import { openaiChat } from './index.js';

function tapOf(changes: Partial<WriteContext> = {}) {
  return openaiChat.streamTap(origin(), context(changes));
}

function passAll(payloads: readonly unknown[], changes: Partial<WriteContext> = {}) {
  const tap = tapOf(changes);
  const text = frames(payloads)
    .map((frame) => tap.pass(frame))
    .join('');
  return { text: text + tap.end(), progress: tap.progress };
}

function failureOf(act: () => unknown): FailureClass | 'none' {
  try {
    act();
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure.class;
    throw error;
  }
  return 'none';
}

const objectsOf = (text: string): JsonObject[] =>
  payloadsOf(text)
    .filter((payload) => payload !== '[DONE]')
    .map((payload) => JSON.parse(payload) as JsonObject);

const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
const usageChunk = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage };
const hello = [chunk({ role: 'assistant', content: '' }), chunk({ content: 'hel' }), chunk({ content: 'lo' })];

describe('a chat stream passed to a chat client', () => {
  it('is the same but for the model', () => {
    const payloads = [
      ...hello,
      chunk({ vendor_thing: { a: 1 } }, null, { obfuscation: 'x9' }),
      chunk({}, 'stop'),
      usageChunk,
    ];
    const { text } = passAll([...payloads, '[DONE]']);
    expect(objectsOf(text)).toEqual(payloads.map((payload) => ({ ...payload, model: 'acme/m1' })));
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('drops content after the finish reason, and takes the word "null" for none', () => {
    const { text, progress } = passAll([
      ...hello,
      chunk({ content: '!' }, 'null'),
      chunk({}, 'stop'),
      chunk({ content: 'stray' }),
      chunk({ content: 'stray', role: 'assistant' }),
      usageChunk,
      '[DONE]',
    ]);
    expect(text).not.toContain('stray');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(progress).toMatchObject({ contentLength: 6, stopReason: 'end', usage: { present: true } });
    const ending = [chunk({ content: '!' }, 'null'), chunk({}, 'stop'), chunk({ content: 'stray' }), '[DONE]'];
    expect(readFolded(openaiChat.streamReader(origin()), frames([...hello, ...ending]))).toMatchObject({
      content: [{ type: 'text', text: 'hello!' }],
    });
  });

  it('keeps the bytes of what it does not change', () => {
    const data =
      '{ "id":"c1", "big": 12345678901234567890, "model" : "m", "choices":[{"index":0,"delta":{"content":"é\\u00e9"}}] }';
    expect(tapOf().pass({ event: null, data })).toBe(`data: ${data.replace('"m"', '"acme/m1"')}\n\n`);
  });

  it('drops event names and joins lines, which are white space to JSON', () => {
    const data = '{"model":"m",\n"choices":[{"index":0,"delta":{"content":"x"}}]}';
    expect(tapOf().pass({ event: 'chunk', data })).toBe(
      'data: {"model":"acme/m1", "choices":[{"index":0,"delta":{"content":"x"}}]}\n\n',
    );
  });

  it('learns what was used and where it stands', () => {
    const first = { ...chunk({ role: 'assistant', content: '' }), service_tier: 'flex' };
    const { progress } = passAll([first, ...hello, chunk({}, 'stop'), usageChunk, '[DONE]']);
    expect(progress).toMatchObject({
      semantic: true,
      done: true,
      stopReason: 'end',
      upstreamModel: 'm',
      upstreamId: 'c1',
      serviceTier: 'flex',
      contentLength: 5,
    });
    expect(progress.usage.usage).toMatchObject({ uncachedInput: 7, output: 3 });
  });

  it('counts nothing as content before there is some', () => {
    const tap = tapOf();
    tap.pass(frames([chunk({ role: 'assistant', content: '' })])[0]!);
    expect(tap.progress.semantic).toBe(false);
    tap.pass(frames([chunk({ reasoning_content: 'h' })])[0]!);
    expect(tap.progress.semantic).toBe(true);
  });

  it.each([
    ['a tool call', chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '' } }] })],
    ['a refusal', chunk({ refusal: 'no' })],
    ['reasoning details', chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'x' }] })],
    ['an image', chunk({ images: [{ image_url: { url: 'u' } }] })],
    ['array content', chunk({ content: [{ type: 'text', text: 'x' }] })],
    ['a filtered end', chunk({}, 'content_filter')],
  ])('counts %s as content', (_what, payload) => {
    const tap = tapOf();
    tap.pass(frames([payload])[0]!);
    expect(tap.progress.semantic).toBe(true);
  });

  it('says tool use where a host says stop after tool calls', () => {
    const { progress } = passAll([
      chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }),
      chunk({}, 'stop'),
    ]);
    expect(progress.stopReason).toBe('tool-use');
  });

  it('passes every choice of several', () => {
    const second = { ...chunk({}), choices: [{ index: 1, delta: { content: 'other' }, finish_reason: null }] };
    const secondEnd = { ...chunk({}), choices: [{ index: 1, delta: {}, finish_reason: 'length' }] };
    const { text, progress } = passAll([...hello, second, chunk({}, 'stop'), secondEnd]);
    expect(objectsOf(text)).toHaveLength(6);
    expect(progress).toMatchObject({ stopReason: 'end', contentLength: 10, done: true });
    expect(failureOf(() => passAll([...hello, second, chunk({}, 'stop')]))).toBe('truncated');
  });
});

describe('usage in a passed stream', () => {
  it('in a chunk of its own reaches only a client that asked', () => {
    const payloads = [...hello, chunk({}, 'stop'), usageChunk, '[DONE]'];
    expect(passAll(payloads, { includeUsage: true }).text).toContain('"choices":[]');
    const quiet = passAll(payloads, { includeUsage: false });
    expect(quiet.text).not.toContain('"choices":[]');
    expect(quiet.progress.usage.present).toBe(true);
  });

  it("gets the cost beside the host's own members", () => {
    const payloads = [
      ...hello,
      chunk({}, 'stop'),
      { ...usageChunk, usage: { ...usage, num_sources_used: 0, cost: 9 } },
    ];
    const { text } = passAll(payloads, { costFields: () => ({ cost: 0.25, cost_details: { a: 1 } }) });
    expect(objectsOf(text).at(-1)).toMatchObject({
      usage: { ...usage, num_sources_used: 0, cost: 0.25, cost_details: { a: 1 } },
    });
  });

  it('on the finish chunk stays there', () => {
    const { text, progress } = passAll([...hello, chunk({}, 'stop', { usage })], { includeUsage: false });
    expect(objectsOf(text).at(-1)).toMatchObject({ usage });
    expect(progress.usage.present).toBe(true);
  });
});

describe('routing metadata in a passed stream', () => {
  const routing = () => ({ endpoint: 'host' });
  const where = (text: string) => objectsOf(text).findIndex((object) => object['routing'] !== undefined);

  it.each<[string, boolean, unknown[], number, number]>([
    [
      'on the finish chunk for a client without usage',
      false,
      [...hello, chunk({}, 'stop'), usageChunk, '[DONE]'],
      3,
      4,
    ],
    ['on the usage chunk', true, [...hello, chunk({}, 'stop'), usageChunk, '[DONE]'], 4, 5],
    ['on a finish chunk that carries the usage', true, [...hello, chunk({}, 'stop', { usage }), '[DONE]'], 3, 4],
    [
      'in a chunk of its own where usage was asked for and never came',
      true,
      [...hello, chunk({}, 'stop'), '[DONE]'],
      4,
      5,
    ],
    ['even without [DONE]', true, [...hello, chunk({}, 'stop')], 4, 5],
  ])('goes %s', (_where, includeUsage, payloads, index, total) => {
    const { text } = passAll(payloads, { includeUsage, routing });
    expect(where(text)).toBe(index);
    expect(objectsOf(text)).toHaveLength(total);
    expect(text.match(/"routing"/g)).toHaveLength(1);
  });
});

describe('the end of a passed stream', () => {
  it.each<[string, unknown[], FailureClass | 'none']>([
    ['finish and [DONE]', [...hello, chunk({}, 'stop'), '[DONE]'], 'none'],
    ['finish without [DONE]', [...hello, chunk({}, 'stop')], 'none'],
    ['no finish', hello, 'truncated'],
    ['nothing', [], 'invalid_answer'],
    ['[DONE] alone', ['[DONE]'], 'invalid_answer'],
    ['no content', [chunk({ role: 'assistant', content: '' }), chunk({}, 'stop'), '[DONE]'], 'invalid_answer'],
    ['no content by the limit', [chunk({}, 'length'), '[DONE]'], 'none'],
    ['an error chunk', [...hello, { error: { message: 'x', code: 'server_error' } }], 'server'],
    ['an error finish', [...hello, chunk({}, 'error')], 'server'],
    ['no resources', [...hello, chunk({}, 'insufficient_system_resource')], 'overloaded'],
    ['malformed JSON', [...hello, '{"choices":['], 'invalid_answer'],
  ])('%s: %s', (_case, payloads, expected) => {
    expect(failureOf(() => passAll(payloads))).toBe(expected);
  });

  it('always has [DONE], once', () => {
    for (const payloads of [
      [...hello, chunk({}, 'stop')],
      [...hello, chunk({}, 'stop'), '[DONE]', '[DONE]', chunk({ content: 'z' })],
    ]) {
      const { text, progress } = passAll(payloads);
      expect(text.match(/\[DONE\]/g)).toHaveLength(1);
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(progress.done).toBe(true);
    }
  });
});

describe('laws of the tap', () => {
  const tricky = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '"model":"m"',
      '\\',
      '"',
      '"}}]',
      '\n',
      '\u2028',
      'é😀',
      '"content":"',
      '"obfuscation":"x"',
      '{"model":"m"}',
    ),
  );
  const delta = fc.oneof(
    tricky.map((content) => ({ content })),
    tricky.map((text) => ({ reasoning_content: text, content: null })),
    tricky.map((text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
    tricky.map((text) => ({ tool_calls: [{ index: 1, id: 'b', function: { name: 'f', arguments: text } }] })),
  );
  const extras = fc.constantFrom<object[]>(
    {},
    { usage: null },
    { obfuscation: 'a"b' },
    { obfuscation: 'zz', usage: null },
    { x: { model: 'm' } },
  );

  it('change nothing but the model, and count what a full parse counts', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(delta, extras), { maxLength: 12 }), (items) => {
        const payloads = items.map(([one, more]) => chunk(one, null, more));
        const tap = tapOf();
        let length = 0;
        for (const frame of frames(payloads)) {
          const [out] = objectsOf(tap.pass(frame));
          const sent = JSON.parse(frame.data) as JsonObject;
          expect(out).toEqual({ ...sent, model: 'acme/m1' });
        }
        for (const [one] of items) length += lengthOf(one);
        expect(tap.progress.contentLength).toBe(length);
        expect(tap.progress.semantic).toBe(length > 0);
      }),
      { numRuns: 500 },
    );
  });

  function lengthOf(one: object): number {
    const {
      content,
      reasoning_content: reasoning,
      tool_calls: calls,
    } = one as {
      content?: string | null;
      reasoning_content?: string;
      tool_calls?: { function: { name?: string; arguments: string } }[];
    };
    const inCalls = (calls ?? []).reduce(
      (sum, c) => sum + (c.function.name ?? '').length + c.function.arguments.length,
      0,
    );
    return (content ?? '').length + (reasoning ?? '').length + inCalls;
  }

  it('leave an answer that means what it meant', () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 8 }), (deltas) => {
        const payloads = [
          ...deltas.map((one) => chunk(one)),
          chunk({ content: 'end' }),
          chunk({}, 'length'),
          usageChunk,
          '[DONE]',
        ];
        const { text } = passAll(payloads);
        const read = (all: readonly unknown[]) => {
          try {
            return readFolded(openaiChat.streamReader(origin()), frames(all));
          } catch (error) {
            return (error as Error).message;
          }
        };
        const before = read(payloads);
        const after = read(payloadsOf(text));
        expect(after).toEqual(typeof before === 'string' ? before : { ...before, upstreamModel: 'acme/m1' });
      }),
    );
  });

  it('throw nothing but UpstreamError, whatever JSON arrives', () => {
    const anyChunk = fc.oneof(
      fc.jsonValue(),
      fc.record({ choices: fc.jsonValue(), usage: fc.jsonValue(), model: fc.jsonValue() }, { requiredKeys: [] }),
      fc
        .record({ delta: fc.jsonValue(), finish_reason: fc.jsonValue(), index: fc.jsonValue() })
        .map((choice) => ({ choices: [choice] })),
    );
    fc.assert(
      fc.property(fc.array(anyChunk, { maxLength: 4 }), fc.boolean(), (payloads, includeUsage) => {
        failureOf(() =>
          passAll(
            payloads.map((payload) => JSON.stringify(payload)),
            { includeUsage, routing: () => ({}) },
          ),
        );
      }),
      { numRuns: 500 },
    );
  });
});
