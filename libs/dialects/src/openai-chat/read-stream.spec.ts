import fc from 'fast-check';
import { UpstreamError } from '@switchyard/contract';
import type { FailureClass } from '@switchyard/contract';
import { fold } from '@switchyard/conversation';
import type { Block, StreamEvent } from '@switchyard/conversation';
import type { Deviations } from '../deviations.js';
import { checkGrammar, chunk, frames, origin, readAll, readFolded } from './dialect.fixture.js';
import { openaiChat } from './index.js';

const reader = (deviations: Deviations = {}, renamed?: ReadonlyMap<string, string>) =>
  openaiChat.streamReader(origin(deviations, renamed));
const read = (payloads: readonly unknown[]) => readFolded(reader(), frames(payloads));

function failureOf(act: () => unknown): FailureClass | 'none' {
  try {
    act();
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure.class;
    throw error;
  }
  return 'none';
}

interface Delta {
  readonly index?: number;
  readonly id?: unknown;
  readonly type?: string;
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown };
}
const calls = (...deltas: Delta[]) => chunk({ tool_calls: deltas });
const call = (id: string, name: string, args: string): Block => ({
  type: 'tool-call',
  id,
  name,
  arguments: args,
  kind: 'function',
});

describe('tool deltas', () => {
  it.each<[string, Delta[][], Block[]]>([
    [
      'OpenAI: id and name once, then arguments by index',
      [
        [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }],
        [{ index: 0, function: { arguments: '{"x"' } }],
        [{ index: 0, function: { arguments: ':1}' } }],
      ],
      [call('a', 'f', '{"x":1}')],
    ],
    [
      'an index that starts at 1',
      [
        [{ index: 1, id: 'a', function: { name: 'f', arguments: '{}' } }],
        [{ index: 2, id: 'b', function: { name: 'g', arguments: '{}' } }],
      ],
      [call('a', 'f', '{}'), call('b', 'g', '{}')],
    ],
    [
      'Mistral: no index and no type, whole calls in one chunk',
      [
        [
          { id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'b', function: { name: 'g', arguments: '{}' } },
        ],
      ],
      [call('a', 'f', '{"x":1}'), call('b', 'g', '{}')],
    ],
    [
      'Qwen: an empty id on continuations and a trailing delta with nothing in it',
      [
        [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }],
        [{ index: 0, id: '', type: 'function', function: { arguments: '{}' } }],
        [{ index: 0, id: '', type: 'function', function: { arguments: '' } }],
        [{ index: 1, id: '', type: 'function', function: { arguments: '' } }],
      ],
      [call('a', 'f', '{}')],
    ],
    [
      'a name that is repeated, empty or null on continuations',
      [
        [{ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }],
        [{ index: 0, id: 'a', function: { name: 'f', arguments: '"x"' } }],
        [{ index: 0, function: { name: '', arguments: ':' } }],
        [{ index: 0, function: { name: null, arguments: '1}' } }],
      ],
      [call('a', 'f', '{"x":1}')],
    ],
    [
      'neither index nor id on continuations: more of the last call',
      [[{ id: 'a', function: { name: 'f', arguments: '{"x"' } }], [{ function: { arguments: ':1}' } }]],
      [call('a', 'f', '{"x":1}')],
    ],
    [
      'the same index for every call',
      [
        [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
        [{ index: 0, id: 'b', function: { name: 'f', arguments: '{"x":2}' } }],
      ],
      [call('a', 'f', '{"x":1}'), call('b', 'f', '{"x":2}')],
    ],
    [
      'another id at every delta of one call',
      [
        [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }],
        [{ index: 0, id: 'b', function: { arguments: ':1}' } }],
      ],
      [call('a', 'f', '{"x":1}')],
    ],
    [
      'an id that is a number',
      [[{ index: 0, id: 7, function: { name: 'f', arguments: '{}' } }]],
      [call('7', 'f', '{}')],
    ],
    [
      'no ids at all: they are made of the answer id and the ordinal',
      [
        [{ index: 0, function: { name: 'f', arguments: '{}' } }],
        [{ index: 1, function: { name: 'g', arguments: '{}' } }],
      ],
      [call('call_c1_1', 'f', '{}'), call('call_c1_2', 'g', '{}')],
    ],
    [
      'arguments that are an object',
      [[{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }]],
      [call('a', 'f', '{"x":1}')],
    ],
    ['a call without arguments', [[{ index: 0, id: 'a', function: { name: 'f' } }]], [call('a', 'f', '')]],
    [
      'the name after the id',
      [[{ index: 0, id: 'a' }], [{ index: 0, function: { name: 'f' } }], [{ index: 0, function: { arguments: '{}' } }]],
      [call('a', 'f', '{}')],
    ],
  ])('%s', (_host, deltas, expected) => {
    const answer = read([...deltas.map((delta) => calls(...delta)), chunk({}, 'tool_calls'), '[DONE]']);
    expect(answer.content).toEqual(expected);
    expect(answer.stopReason).toBe('tool-use');
  });

  it('of parallel calls may interleave; each call comes out whole and in order', () => {
    const one = calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } });
    const two = calls({ index: 1, id: 'b', function: { name: 'g', arguments: '' } });
    const events = readAll(
      reader(),
      frames([
        one,
        two,
        calls({ index: 1, function: { arguments: '{"y":' } }),
        calls({ index: 0, function: { arguments: '{"x":1' } }),
        calls({ index: 1, function: { arguments: '2}' } }),
        calls({ index: 0, function: { arguments: '}' } }),
        chunk({}, 'tool_calls'),
      ]),
    );
    checkGrammar(events);
    expect(fold(events).content).toEqual([call('a', 'f', '{"x":1}'), call('b', 'g', '{"y":2}')]);
  });

  it('stream through while they can: the first call is not held back for the others', () => {
    const stream = reader();
    const [first, second] = frames([
      calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
      calls({ index: 0, function: { arguments: ':1}' } }),
    ]);
    expect(stream.read(first!).map((event) => event.type)).toEqual([
      'message-start',
      'tool-call-start',
      'tool-call-delta',
    ]);
    expect(stream.read(second!)).toEqual([{ type: 'tool-call-delta', arguments: ':1}' }]);
  });

  it('followed by text close the call first', () => {
    const answer = read([
      calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
      chunk({ content: 'and text' }, 'stop'),
    ]);
    expect(answer.content).toEqual([call('a', 'f', '{}'), { type: 'text', text: 'and text' }]);
  });

  it('get their original names back', () => {
    const renamed = new Map([['mcp_read_1', 'mcp.read']]);
    const payloads = [
      calls({ index: 0, id: 'a', function: { name: 'mcp_read_1', arguments: '{}' } }),
      chunk({}, 'stop'),
    ];
    expect(readFolded(reader({}, renamed), frames(payloads)).content).toEqual([call('a', 'mcp.read', '{}')]);
  });

  it('of a custom tool carry text', () => {
    const delta = { index: 0, id: 'a', type: 'custom', custom: { name: 'grep', input: 'a|' } };
    const answer = read([
      chunk({ tool_calls: [delta] }),
      chunk({ tool_calls: [{ index: 0, custom: { input: 'b' } }] }),
      chunk({}, 'tool_calls'),
    ]);
    expect(answer.content).toEqual([{ type: 'tool-call', id: 'a', name: 'grep', arguments: 'a|b', kind: 'custom' }]);
  });

  it('of the deprecated function_call are one call', () => {
    const answer = read([
      chunk({ function_call: { name: 'f', arguments: '{"x"' } }),
      chunk({ function_call: { arguments: ':1}' } }),
      chunk({}, 'function_call'),
    ]);
    expect(answer.content).toEqual([call('call_c1_1', 'f', '{"x":1}')]);
    expect(answer.stopReason).toBe('tool-use');
  });

  it('with arguments and never a name are an invalid answer', () => {
    const act = () =>
      read([calls({ index: 0, id: 'a', function: { arguments: '{}' } }), chunk({}, 'tool_calls'), '[DONE]']);
    expect(failureOf(act)).toBe('invalid_answer');
  });
});

describe('the end of a stream', () => {
  const hello = chunk({ role: 'assistant', content: 'hello' });

  it.each<[string, unknown[], FailureClass | 'none']>([
    ['a finish reason and [DONE]', [hello, chunk({}, 'stop'), '[DONE]'], 'none'],
    ['a finish reason and no [DONE]', [hello, chunk({}, 'stop')], 'none'],
    ['[DONE] and no finish reason', [hello, '[DONE]'], 'none'],
    ['neither', [hello], 'truncated'],
    [
      'usage, but neither',
      [hello, chunk({}, null, { usage: { prompt_tokens: 1, completion_tokens: 1 } })],
      'truncated',
    ],
    [
      '[DONE] amid the arguments of a call',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x' } }), '[DONE]'],
      'truncated',
    ],
    ['nothing at all', [], 'invalid_answer'],
    ['[DONE] alone', ['[DONE]'], 'invalid_answer'],
    ['no content', [chunk({ role: 'assistant', content: '' }), chunk({}, 'stop'), '[DONE]'], 'invalid_answer'],
    [
      'no content, cut by the limit',
      [chunk({ role: 'assistant', content: '' }), chunk({}, 'length'), '[DONE]'],
      'none',
    ],
    ['no content, filtered', [chunk({}, 'content_filter'), '[DONE]'], 'none'],
    [
      'no content, but tokens that were spent on hidden reasoning',
      [chunk({}, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 9 } }), '[DONE]'],
      'none',
    ],
    ['out of resources', [hello, chunk({}, 'insufficient_system_resource')], 'overloaded'],
    ['an error', [hello, { ...chunk({ content: '' }, 'error'), error: { message: 'x', code: 502 } }], 'server'],
    [
      'an error in the choice',
      [{ choices: [{ index: 0, delta: {}, finish_reason: 'error', error: { code: 429 } }] }],
      'rate_limited',
    ],
  ])('by %s: %s', (_case, payloads, expected) => {
    expect(failureOf(() => readAll(reader(), frames(payloads)))).toBe(expected);
  });

  it('is [DONE]: whatever follows is ignored', () => {
    const answer = read([hello, chunk({}, 'stop'), '[DONE]', chunk({ content: ' again' }), 'not JSON']);
    expect(answer.content).toEqual([{ type: 'text', text: 'hello' }]);
  });

  it.each<[string, object[], string]>([
    ['stop', [hello], 'end'],
    ['length', [hello], 'max-tokens'],
    ['model_length', [hello], 'context-window'],
    ['content_filter', [hello], 'content-filter'],
    ['tool_calls', [hello], 'end'],
    ['stop', [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } })], 'tool-use'],
    ['length', [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x' } })], 'max-tokens'],
    ['stop', [chunk({ refusal: 'no' })], 'refusal'],
    ['something_new', [hello], 'end'],
  ])('with finish reason %s after %j is %s', (finish, payloads, expected) => {
    expect(read([...payloads, chunk({}, finish), '[DONE]']).stopReason).toBe(expected);
  });

  it('knows the stop sequence where vLLM names it', () => {
    const last = { choices: [{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 'END' }] };
    expect(read([hello, last])).toMatchObject({ stopReason: 'stop-sequence', stopSequence: 'END' });
    const byToken = { choices: [{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 128009 }] };
    expect(read([hello, byToken]).stopReason).toBe('end');
  });
});

describe('usage of a stream', () => {
  const counts = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
  const content = [chunk({ content: 'x' })];

  it.each<[string, unknown[]]>([
    [
      'in a chunk of its own after the finish',
      [...content, chunk({}, 'stop'), { choices: [], usage: counts }, '[DONE]'],
    ],
    ['on the finish chunk', [...content, chunk({}, 'stop', { usage: counts }), '[DONE]']],
    ['under x_groq', [...content, chunk({}, 'stop', { x_groq: { usage: counts } }), '[DONE]']],
    [
      'on every chunk, cumulative: the last counts and none is added twice',
      [
        chunk({ content: 'x' }, null, { usage: { prompt_tokens: 7, completion_tokens: 1 } }),
        chunk({ content: 'y' }, null, { usage: { prompt_tokens: 7, completion_tokens: 2 } }),
        chunk({}, 'stop', { usage: counts }),
      ],
    ],
    [
      'followed by a null',
      [...content, chunk({}, 'stop', { usage: counts }), chunk({}, null, { usage: null }), '[DONE]'],
    ],
  ])('%s', (_where, payloads) => {
    expect(read(payloads).usage.usage).toMatchObject({ uncachedInput: 7, output: 3 });
  });
});

describe('errors in a stream', () => {
  it.each<[string, string, FailureClass]>([
    ['OpenAI', '{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}', 'rate_limited'],
    ['a status as code', '{"error":{"message":"bad","code":503}}', 'overloaded'],
    ['an overload', '{"error":{"message":"The server is overloaded","type":"overloaded_error"}}', 'overloaded'],
    ['quota', '{"error":{"message":"x","code":"insufficient_quota"}}', 'billing'],
    ['context', '{"error":{"message":"This model\'s maximum context length is 10 tokens"}}', 'context_length'],
    ['content policy', '{"error":{"code":"content_filter","message":"x"}}', 'content_policy'],
    ['text', '{"error":"something broke"}', 'server'],
    ['vLLM', '{"object":"error","message":"x","type":"BadRequestError","code":400}', 'invalid_request'],
    ['FastAPI', '{"detail":"not today"}', 'server'],
    ['MiniMax', '{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}', 'rate_limited'],
    ['Anthropic-style', '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'overloaded'],
    ['not JSON', 'upstream connect error', 'invalid_answer'],
    ['HTML', '<html>bad gateway</html>', 'invalid_answer'],
    ['not an object', '[1,2]', 'invalid_answer'],
    ['a number', '3', 'invalid_answer'],
  ])('are failures of their own class: %s', (_shape, data, expected) => {
    expect(failureOf(() => reader().read({ event: null, data }))).toBe(expected);
  });

  it('named by the event line count even when the data is plain text', () => {
    expect(failureOf(() => reader().read({ event: 'error', data: 'rate limit reached' }))).toBe('rate_limited');
    expect(failureOf(() => reader().read({ event: 'error', data: '{"message":"x"}' }))).toBe('server');
  });

  it('never repeat the words of a failing host', () => {
    try {
      reader().read({
        event: null,
        data: '{"error":{"message":"key sk-secret-1234567890 at db.internal","code":500}}',
      });
    } catch (error) {
      expect((error as UpstreamError).message).toBe('The upstream failed.');
      return;
    }
    throw new Error('no error');
  });
});

describe('reasoning in a stream', () => {
  const end = [chunk({}, 'stop'), '[DONE]'];
  const thought = { type: 'thinking', text: 'hm' };
  const said = { type: 'text', text: 'yes' };

  it.each<[string, unknown[]]>([
    ['reasoning_content', [chunk({ reasoning_content: 'hm', content: null }), chunk({ content: 'yes' })]],
    ['reasoning', [chunk({ reasoning: 'hm' }), chunk({ content: 'yes' })]],
    ['both with the same text', [chunk({ reasoning_content: 'hm', reasoning: 'hm' }), chunk({ content: 'yes' })]],
    [
      'content parts',
      [
        chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
        chunk({ content: [{ type: 'text', text: 'yes' }] }),
      ],
    ],
    ['tags', [chunk({ content: '<think>h' }), chunk({ content: 'm</think>\n\nyes' })]],
    [
      'bare details',
      [chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] }), chunk({ content: 'yes' })],
    ],
    ['reasoning and text in one delta', [chunk({ content: 'yes', reasoning_content: 'hm' })]],
  ])('is told from text: %s', (_form, payloads) => {
    expect(read([...payloads, ...end]).content).toEqual([thought, said]);
  });

  it('opens with whatever comes first and never with an empty text block', () => {
    const events = readAll(
      reader(),
      frames([chunk({ role: 'assistant', content: '' }), chunk({ reasoning_content: 'hm' }), ...end]),
    );
    expect(events[1]).toEqual({ type: 'thinking-start' });
  });

  it('leaves tags alone where the host is known not to use them', () => {
    const payloads = [chunk({ content: '<think>a</think>b' }), ...end];
    expect(readFolded(reader({ thinkTags: false }), frames(payloads)).content).toEqual([
      { type: 'text', text: '<think>a</think>b' },
    ]);
  });

  it('keeps a signature once when a later detail repeats the whole text', () => {
    const signed = { type: 'reasoning.text', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1', index: 0 };
    const answer = read([
      chunk({ reasoning_content: 'h' }),
      chunk({ reasoning_content: 'm' }),
      chunk({ reasoning_details: [signed] }),
      chunk({ content: 'yes' }),
      ...end,
    ]);
    expect(answer.content).toEqual([{ ...thought, signature: { origin: 'anthropic', value: 'sig' } }, said]);
  });

  it('keeps pieces with different indices apart', () => {
    const detail = (index: number, text: string, signature?: string) =>
      chunk({ reasoning_details: [{ type: 'reasoning.text', text, index, signature, format: 'anthropic-claude-v1' }] });
    const answer = read([detail(0, 'a'), detail(0, '', 's0'), detail(1, 'b'), detail(1, '', 's1'), ...end]);
    expect(answer.content).toEqual([
      { type: 'thinking', text: 'a', signature: { origin: 'anthropic', value: 's0' } },
      { type: 'thinking', text: 'b', signature: { origin: 'anthropic', value: 's1' } },
    ]);
  });
});

describe('chunks that are peculiar', () => {
  it('Azure: a prelude without choices and id, and a filter chunk without delta', () => {
    const answer = read([
      { choices: [], id: '', model: '', object: '', created: 0, prompt_filter_results: [] },
      chunk({ role: 'assistant', content: 'x' }),
      { choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 1 } }] },
      chunk({}, 'stop'),
      '[DONE]',
    ]);
    expect(answer).toMatchObject({
      upstreamId: 'c1',
      upstreamModel: 'm',
      createdS: 1,
      content: [{ type: 'text', text: 'x' }],
    });
  });

  it('other choices than the first are not translated', () => {
    const other = { ...chunk({}), choices: [{ index: 1, delta: { content: 'other' }, finish_reason: 'length' }] };
    expect(read([chunk({ content: 'x' }), other, chunk({}, 'stop')])).toMatchObject({
      content: [{ type: 'text', text: 'x' }],
      stopReason: 'end',
    });
  });

  it('citations after the text stay with it; without any text they still arrive', () => {
    const annotations = [
      { type: 'url_citation', url_citation: { url: 'https://e.com', title: 'E', start_index: 0, end_index: 1 } },
    ];
    const citation = expect.objectContaining({ kind: 'web', url: 'https://e.com', title: 'E', start: 0, end: 1 });
    expect(read([chunk({ content: 'x' }), chunk({ annotations }, 'stop')]).content).toEqual([
      { type: 'text', text: 'x', citations: [citation] },
    ]);
    expect(read([chunk({ annotations }, 'stop')]).content).toEqual([{ type: 'text', text: '', citations: [citation] }]);
  });

  it('images and audio come out as blocks of their own', () => {
    const answer = read([
      chunk({ images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aa==' } }] }),
      chunk({ audio: { id: 'a1', data: 'AA' } }),
      chunk({ audio: { data: 'BB', transcript: 'hi' } }, 'stop'),
    ]);
    expect(answer.content).toEqual([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'aa==' } },
      { type: 'opaque', dialect: 'openai-chat', name: 'audio', raw: { id: 'a1', data: 'AABB', transcript: 'hi' } },
    ]);
  });

  it('log probabilities of all chunks are joined', () => {
    const withLogprobs = (token: string) => ({
      choices: [{ index: 0, delta: { content: token }, logprobs: { content: [{ token }], refusal: null } }],
    });
    expect(read([withLogprobs('a'), withLogprobs('b'), chunk({}, 'stop')]).logprobs).toEqual({
      content: [{ token: 'a' }, { token: 'b' }],
      refusal: null,
    });
  });
});

/** Deltas of every kind, well and badly formed. */
const anyDelta = fc.oneof(
  fc.record({ content: fc.oneof(fc.string(), fc.constantFrom('<think>', '</think>', null)) }),
  fc.record({ reasoning_content: fc.string() }),
  fc.record({ refusal: fc.string() }),
  fc.record({
    tool_calls: fc.array(
      fc.record(
        {
          index: fc.nat({ max: 2 }),
          id: fc.constantFrom('a', 'b', '', null),
          function: fc.record(
            {
              name: fc.constantFrom('f', 'g', '', null),
              arguments: fc.constantFrom('', '{', '{"x":', '1', '}', '{}', '"'),
            },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    reasoning_details: fc.array(
      fc.record(
        {
          type: fc.constantFrom('reasoning.text', 'reasoning.summary', 'reasoning.encrypted'),
          text: fc.string(),
          data: fc.string(),
          signature: fc.constantFrom('s', '', null),
          format: fc.constantFrom('anthropic-claude-v1', 'google-gemini-v1', 'unknown'),
          index: fc.nat({ max: 2 }),
        },
        { requiredKeys: ['type'] },
      ),
      { maxLength: 2 },
    ),
  }),
  fc.record({ annotations: fc.constant([{ type: 'url_citation', url_citation: { url: 'u' } }]) }),
  fc.record({ images: fc.constant([{ image_url: { url: 'https://e.com/i.png' } }]) }),
);

describe('laws of the reader', () => {
  function readAsFarAsItGoes(payloads: readonly unknown[]): StreamEvent[] {
    const stream = reader();
    const events: StreamEvent[] = [];
    try {
      for (const frame of frames(payloads)) events.push(...stream.read(frame));
      events.push(...stream.end());
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
    }
    return events;
  }

  it('keep the grammar of events, wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(anyDelta, { maxLength: 8 }), fc.boolean(), (deltas, ends) => {
        checkGrammar(readAsFarAsItGoes([...deltas.map((delta) => chunk(delta)), ...(ends ? [chunk({}, 'stop')] : [])]));
      }),
      { numRuns: 500 },
    );
  });

  it('throw nothing but UpstreamError, whatever JSON arrives', () => {
    const anyChunk = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          choices: fc.jsonValue(),
          usage: fc.jsonValue(),
          error: fc.jsonValue(),
          id: fc.jsonValue(),
          model: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      fc
        .record({ delta: fc.jsonValue(), message: fc.jsonValue(), finish_reason: fc.jsonValue() })
        .map((choice) => ({ choices: [choice] })),
      fc
        .dictionary(
          fc.constantFrom('content', 'tool_calls', 'reasoning_details', 'annotations', 'images', 'audio'),
          fc.jsonValue(),
        )
        .map((delta) => chunk(delta)),
    );
    fc.assert(
      fc.property(fc.array(anyChunk, { maxLength: 4 }), (payloads) => {
        checkGrammar(readAsFarAsItGoes(payloads.map((payload) => JSON.stringify(payload))));
      }),
      { numRuns: 500 },
    );
  });

  it('give the same answer for the same text, however it is cut into deltas', () => {
    const pieces = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pieces, pieces, (thoughts, texts) => {
        const cut = read([
          ...thoughts.map((text) => chunk({ reasoning_content: text })),
          ...texts.map((text) => chunk({ content: text })),
          chunk({}, 'stop'),
        ]);
        const whole = read([
          chunk({ reasoning_content: thoughts.join('') }),
          chunk({ content: texts.join('') }),
          chunk({}, 'stop'),
        ]);
        expect(cut).toEqual(whole);
      }),
    );
  });
});

describe('the shortcut for chunks of one shape', () => {
  it('gives what parsing every chunk gives', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('<think>', '"', '\\', '\n', 'é😀', '"content":"'));
    const delta = fc.oneof(
      text.map((content) => ({ content })),
      text.map((reasoning) => ({ reasoning })),
      text.map((args) => ({ tool_calls: [{ index: 0, function: { arguments: args } }] })),
    );
    const call = calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } });
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 10 }), (deltas) => {
        const payloads = [call, ...deltas.map((one) => chunk(one)), chunk({}, 'length')];
        // A number that changes with every chunk keeps any two from having one shape.
        const numbered = payloads.map((payload, index) => ({ nonce: index, ...payload }));
        expect(read(payloads)).toEqual(read(numbered));
      }),
      { numRuns: 300 },
    );
  });
});
