import { UpstreamError } from '@switchyard/contract';
import type { FailureClass, JsonObject } from '@switchyard/contract';
import { fold } from '@switchyard/conversation';
import type { Answer } from '@switchyard/conversation';
import type { AnswerOrigin } from '../dialect.js';
import { framesOf, originOf } from './__fixtures__/kit.js';
import { readAnswer } from './read-answer.js';
import { AnthropicStreamReader } from './read-stream.js';

const START = {
  type: 'message_start',
  message: { id: 'm', model: 'up', usage: { input_tokens: 1, output_tokens: 1 } },
};
const DONE = { type: 'message_stop' };

function start(block: JsonObject, index = 0): JsonObject {
  return { type: 'content_block_start', index, content_block: block };
}
function delta(type: string, fields: JsonObject): JsonObject {
  return { type: 'content_block_delta', index: 0, delta: { type, ...fields } };
}
function end(stopReason: string): JsonObject {
  return { type: 'message_delta', delta: { stop_reason: stopReason }, usage: { output_tokens: 5 } };
}
const STOP = { type: 'content_block_stop', index: 0 };
const TEXT = start({ type: 'text', text: '' });
const TOOL = start({ type: 'tool_use', id: 't', name: 'f', input: {} });

function read(events: readonly JsonObject[], origin: AnswerOrigin = originOf()): Answer {
  const reader = new AnthropicStreamReader(origin);
  return fold([...framesOf(events).flatMap((frame) => [...reader.read(frame)]), ...reader.end()]);
}

function failureOf(run: () => unknown): FailureClass | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure.class;
    throw error;
  }
}

describe('a stream read', () => {
  it('does not care for the indices of the upstream', () => {
    const again = start({ type: 'text', text: '' }, 7);
    const answer = read([
      START,
      TEXT,
      delta('text_delta', { text: 'a' }),
      STOP,
      again,
      delta('text_delta', { text: 'b' }),
      STOP,
      end('end_turn'),
      DONE,
    ]);
    expect(answer.content).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]);
  });

  it('closes a text block that the upstream left open', () => {
    const answer = read([
      START,
      TEXT,
      delta('text_delta', { text: 'a' }),
      TOOL,
      delta('input_json_delta', { partial_json: '{"a":1}' }),
      end('tool_use'),
      DONE,
    ]);
    expect(answer.content).toMatchObject([{ text: 'a' }, { type: 'tool-call', arguments: '{"a":1}' }]);
  });

  it('takes content that comes with the start of a block', () => {
    const answer = read([
      START,
      start({ type: 'text', text: 'whole' }),
      STOP,
      start({ type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }),
      STOP,
      end('tool_use'),
      DONE,
    ]);
    expect(answer.content).toMatchObject([{ text: 'whole' }, { arguments: '{"a":1}' }]);
  });

  it('takes blocks that are already in message_start', () => {
    const begun = {
      ...START,
      message: { ...START.message, content: [{ type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }] },
    };
    expect(read([begun, end('tool_use'), DONE]).content).toMatchObject([{ id: 't', arguments: '{"a":1}' }]);
  });

  it('keeps thinking whose text is omitted, for its signature', () => {
    const answer = read([
      START,
      start({ type: 'thinking', thinking: '', signature: '' }),
      delta('signature_delta', { signature: 'Eq==' }),
      STOP,
      TEXT,
      delta('text_delta', { text: 'x' }),
      STOP,
      end('end_turn'),
      DONE,
    ]);
    expect(answer.content[0]).toEqual({
      type: 'thinking',
      text: '',
      signature: { origin: 'anthropic', value: 'Eq==' },
    });
  });

  it("gives a compatible host's signatures to that host", () => {
    const events = [
      START,
      start({ type: 'thinking', thinking: 'x' }),
      delta('signature_delta', { signature: 's' }),
      STOP,
      end('end_turn'),
      DONE,
    ];
    expect(read(events, originOf({ origin: 'minimax' })).content[0]).toMatchObject({
      signature: { origin: 'minimax' },
    });
  });

  it.each<[string, readonly JsonObject[], string]>([
    ['a tool call with end_turn', [TOOL, STOP, end('end_turn')], 'tool-use'],
    ['tool_use without a tool call', [TEXT, delta('text_delta', { text: 'x' }), STOP, end('tool_use')], 'end'],
    [
      'a cut tool call',
      [TOOL, delta('input_json_delta', { partial_json: '{"a' }), STOP, end('max_tokens')],
      'max-tokens',
    ],
    ['no stop reason at all', [TEXT, delta('text_delta', { text: 'x' }), STOP], 'end'],
    ['an unheard-of stop reason', [TEXT, delta('text_delta', { text: 'x' }), STOP, end('constructor')], 'end'],
  ])('settles the stop reason: %s', (_, events, expected) => {
    expect(read([START, ...events, DONE]).stopReason).toBe(expected);
  });

  it.each<[string, readonly JsonObject[], FailureClass]>([
    ['a delta before the start', [delta('text_delta', { text: 'x' })], 'invalid_answer'],
    ['a delta outside of a block', [START, delta('text_delta', { text: 'x' })], 'invalid_answer'],
    ['text inside a tool call', [START, TOOL, delta('text_delta', { text: 'x' })], 'invalid_answer'],
    ['tool input inside a text', [START, TEXT, delta('input_json_delta', { partial_json: '{' })], 'invalid_answer'],
    [
      'a block inside an unfinished tool call',
      [START, TOOL, delta('input_json_delta', { partial_json: '{"a' }), TEXT],
      'invalid_answer',
    ],
    ['an end of turn with nothing said', [START, TEXT, STOP, end('end_turn')], 'invalid_answer'],
    ['an error', [START, { type: 'error', error: { type: 'api_error', message: 'x' } }], 'server'],
    ['an error with a status of its own', [{ error: { code: 429, message: 'x' } }], 'rate_limited'],
  ])('is given up at %s', (_, events, failure) => {
    expect(
      failureOf(() => {
        const reader = new AnthropicStreamReader(originOf());
        for (const event of events) reader.read({ event: null, data: JSON.stringify(event) });
      }),
    ).toBe(failure);
  });

  it.each(['{"type":', '<html>', '"text"', '[]'])('is given up at data that is no event: %s', (data) => {
    expect(failureOf(() => new AnthropicStreamReader(originOf()).read({ event: null, data }))).toBe('invalid_answer');
  });

  it('is truncated without message_stop, even after the stop reason', () => {
    expect(failureOf(() => read([START, TEXT, delta('text_delta', { text: 'x' }), STOP, end('end_turn')]))).toBe(
      'truncated',
    );
  });

  it('goes by the event line where the data names no type, and ignores what it does not know', () => {
    const reader = new AnthropicStreamReader(originOf());
    expect(reader.read({ event: 'message_start', data: '{"message":{"id":"m"}}' })).toMatchObject([
      { type: 'message-start', upstreamId: 'm' },
    ]);
    expect(reader.read({ event: null, data: '{"type":"brand_new"}' })).toEqual([]);
    expect(reader.read({ event: null, data: '[DONE]' })).toEqual([]);
    expect(reader.read({ event: null, data: '' })).toEqual([]);
  });
});

describe('what the request changed is put back', () => {
  const calls = (name: string, json: string): JsonObject[] => [
    START,
    start({ type: 'tool_use', id: 'functions_0', name, input: {} }),
    ...Array.from(json).map((character) => delta('input_json_delta', { partial_json: character })),
    STOP,
    end('tool_use'),
    DONE,
  ];
  const whole = (content: JsonObject[], stopReason: string): JsonObject => ({
    type: 'message',
    id: 'm',
    model: 'up',
    content,
    stop_reason: stopReason,
    usage: {},
  });

  it('names', () => {
    const origin = originOf({ renamed: new Map([['a_b_1', 'a.b']]) });
    expect(read(calls('a_b_1', '{}'), origin).content).toMatchObject([{ name: 'a.b' }]);
    expect(
      readAnswer(whole([{ type: 'tool_use', id: 't', name: 'a_b_1', input: {} }], 'tool_use'), origin).content,
    ).toMatchObject([{ name: 'a.b' }]);
  });

  it('free-form tools', () => {
    const origin = originOf({ renamed: new Map([['patch_1', 'patch']]), shape: { customTools: ['patch_1'] } });
    const expected = { kind: 'custom', name: 'patch', arguments: '*** "Begin"\n' };
    const input = { input: '*** "Begin"\n' };
    expect(read(calls('patch_1', JSON.stringify(input)), origin).content).toMatchObject([expected]);
    expect(
      readAnswer(whole([{ type: 'tool_use', id: 't', name: 'patch_1', input }], 'tool_use'), origin).content,
    ).toMatchObject([expected]);
  });

  it('the tool that stands in for a response format', () => {
    const origin = originOf({ shape: { jsonTool: 'json' } });
    const streamed = read(calls('json', '{"a":1}'), origin);
    expect(streamed).toMatchObject({ content: [{ type: 'text', text: '{"a":1}' }], stopReason: 'end' });
    const answered = readAnswer(
      whole([{ type: 'tool_use', id: 't', name: 'json', input: { a: 1 } }], 'tool_use'),
      origin,
    );
    expect(answered).toMatchObject({ content: [{ type: 'text', text: '{"a":1}' }], stopReason: 'end' });
  });

  it('fences around JSON', () => {
    const origin = originOf({ shape: { stripFences: true } });
    const text = '```json\n{"a":1}\n```\n';
    const pieces = Array.from(text).map((character) => delta('text_delta', { text: character }));
    expect(read([START, TEXT, ...pieces, STOP, end('end_turn'), DONE], origin).content).toEqual([
      { type: 'text', text: '{"a":1}' },
    ]);
    expect(readAnswer(whole([{ type: 'text', text }], 'end_turn'), origin).content).toEqual([
      { type: 'text', text: '{"a":1}' },
    ]);
  });
});
