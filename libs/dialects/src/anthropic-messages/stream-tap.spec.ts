import { UpstreamError, ZERO_USAGE } from '@switchyard/contract';
import type { FailureClass, JsonObject } from '@switchyard/contract';
import type { WriteContext } from '../dialect.js';
import { contextOf, framesOf } from './__fixtures__/kit.js';
import { AnthropicStreamTap } from './stream-tap.js';

const START = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'up', content: [], usage: { input_tokens: 9, output_tokens: 1 } },
};
const TEXT = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
const DELTA = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } };
const STOP = { type: 'content_block_stop', index: 0 };
const END = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', stop_sequence: null },
  usage: { output_tokens: 5 },
};
const DONE = { type: 'message_stop' };

function tapOf(parts: Partial<WriteContext> = {}): AnthropicStreamTap {
  return new AnthropicStreamTap(contextOf(parts));
}

function passAll(tap: AnthropicStreamTap, events: readonly JsonObject[]): string {
  return framesOf(events)
    .map((frame) => tap.pass(frame))
    .join('');
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

describe('a stream handed through', () => {
  it('keeps events of any kind byte for byte, and names those that have no name', () => {
    const tap = tapOf();
    passAll(tap, [START, TEXT]);
    const odd =
      '{ "type":"content_block_delta","index":0, "delta":{"type":"hologram_delta","n":1.0,"id":12345678901234567890}}';
    expect(tap.pass({ event: null, data: odd })).toBe(`event: content_block_delta\ndata: ${odd}\n\n`);
    expect(tap.pass({ event: 'brand_new', data: '{"type":"brand_new","x":[1]}' })).toBe(
      'event: brand_new\ndata: {"type":"brand_new","x":[1]}\n\n',
    );
    expect(tap.pass({ event: null, data: '{"x":1,"type":"late_type"}' })).toBe(
      'event: late_type\ndata: {"x":1,"type":"late_type"}\n\n',
    );
  });

  it('keeps data of several lines as several lines', () => {
    const tap = tapOf();
    tap.pass({ event: null, data: JSON.stringify(START) });
    expect(tap.pass({ event: 'ping', data: '{\n"type":"ping"}' })).toBe(
      'event: ping\ndata: {\ndata: "type":"ping"}\n\n',
    );
  });

  it('lets no line break of an event type forge a field of the frame', () => {
    const tap = tapOf();
    tap.pass({ event: null, data: JSON.stringify(START) });
    const forged = '{"type":"x\\nevent: message_stop","y":1}';
    expect(tap.pass({ event: null, data: forged })).toBe(`event: x event: message_stop\ndata: ${forged}\n\n`);
    expect(failureOf(() => tap.pass({ event: null, data: '{"type":"x\nevent: message_stop"}' }))).toBe(
      'invalid_answer',
    );
  });

  it('drops content after the stop reason', () => {
    const tap = tapOf();
    passAll(tap, [START, TEXT, DELTA, STOP, END]);
    expect(passAll(tap, [DELTA, { ...TEXT, index: 1 }, { ...STOP, index: 1 }])).toBe('');
    expect(tap.progress.contentLength).toBe(2);
    expect(passAll(tap, [DONE])).toContain('message_stop');
  });

  it('refuses an event of an unknown kind that is not JSON', () => {
    const tap = tapOf();
    tap.pass({ event: null, data: JSON.stringify(START) });
    expect(failureOf(() => tap.pass({ event: null, data: '{"type":"brand_new",' }))).toBe('invalid_answer');
  });

  it('shows the public model, the cost and the routing, and keeps what it does not know', () => {
    const tap = tapOf({
      costFields: ({ usage }) => ({ cost: usage.output }),
      routing: () => ({ attempt: 2 }),
      compatNaga: true,
    });
    const start = passAll(tap, [{ ...START, extra: 1, message: { ...START.message, container: { id: 'c' } } }]);
    expect(dataOf(start)).toMatchObject({
      extra: 1,
      message: { model: 'acme/m1', container: { id: 'c' }, created: 1_700_000_000 },
    });
    passAll(tap, [TEXT, DELTA, STOP]);
    const end = passAll(tap, [{ ...END, context_management: { applied_edits: [] } }]);
    expect(dataOf(end)).toEqual({
      ...END,
      context_management: { applied_edits: [] },
      usage: { output_tokens: 5, cost: 5 },
      routing: { attempt: 2 },
    });
  });

  it('asks for the routing once, however many message_delta there are', () => {
    let asked = 0;
    const routing = (): JsonObject => ({ asked: ++asked });
    passAll(tapOf({ routing }), [START, TEXT, DELTA, STOP, END, END, DONE]);
    expect(asked).toBe(1);
  });

  it('keeps account of usage, stop reason, model, tier and length', () => {
    const tap = tapOf();
    const tiered = {
      ...START,
      message: { ...START.message, usage: { ...START.message.usage, service_tier: 'standard' } },
    };
    passAll(tap, [tiered, TEXT, DELTA, STOP, END, DONE]);
    expect(tap.end()).toBe('');
    expect(tap.progress).toEqual({
      semantic: true,
      done: true,
      usage: { present: true, usage: { ...ZERO_USAGE, uncachedInput: 9, output: 5 }, suspect: [] },
      stopReason: 'end',
      upstreamModel: 'up',
      upstreamId: 'msg_1',
      serviceTier: 'default',
      contentLength: 2,
    });
  });

  it('makes up a usage where the upstream sends none, because the official SDK fails without', () => {
    const tap = tapOf();
    const start = passAll(tap, [{ type: 'message_start', message: { id: 'm' } }]);
    expect(dataOf(start)).toMatchObject({ message: { usage: { input_tokens: 0, output_tokens: 0 } } });
    passAll(tap, [TEXT, DELTA, STOP]);
    expect(dataOf(passAll(tap, [{ type: 'message_delta', delta: { stop_reason: 'end_turn' } }]))).toHaveProperty(
      'usage.output_tokens',
      0,
    );
  });

  it.each<[string, readonly JsonObject[], boolean]>([
    ['the start', [START], false],
    ['a ping', [START, { type: 'ping' }], false],
    ['an empty block', [START, TEXT, STOP], false],
    ['an empty delta', [START, TEXT, { ...DELTA, delta: { type: 'text_delta', text: '' } }], false],
    ['a signature', [START, TEXT, { ...DELTA, delta: { type: 'signature_delta', signature: 'abc' } }], false],
    ['text', [START, TEXT, DELTA], true],
    ['thinking', [START, TEXT, { ...DELTA, delta: { type: 'thinking_delta', thinking: 'x' } }], true],
    ['tool input', [START, TEXT, { ...DELTA, delta: { type: 'input_json_delta', partial_json: '{' } }], true],
    ['a citation', [START, TEXT, { ...DELTA, delta: { type: 'citations_delta', citation: {} } }], true],
    ['a tool call', [START, { ...TEXT, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } }], true],
    ['redacted thinking', [START, { ...TEXT, content_block: { type: 'redacted_thinking', data: 'x' } }], true],
    ['a refusal without content', [START, { ...END, delta: { stop_reason: 'refusal' } }], true],
  ])('is committed by content: %s', (_, events, semantic) => {
    const tap = tapOf();
    passAll(tap, events);
    expect(tap.progress.semantic).toBe(semantic);
  });

  it.each<[string, readonly JsonObject[], FailureClass]>([
    ['a delta before the start', [DELTA], 'invalid_answer'],
    ['an end before the start', [END], 'invalid_answer'],
    ['a delta outside of any block', [START, DELTA], 'invalid_answer'],
    ['a delta of a block that never began', [START, TEXT, { ...DELTA, index: 1 }], 'invalid_answer'],
    ['a block index used twice', [START, TEXT, DELTA, STOP, TEXT], 'invalid_answer'],
    ['an end of turn with nothing said', [START, END], 'invalid_answer'],
    ['an end without a stop reason and with nothing said', [START, DONE], 'invalid_answer'],
    ['an error at first', [{ type: 'error', error: { type: 'overloaded_error', message: 'busy' } }], 'overloaded'],
    [
      'an error in the middle',
      [START, TEXT, DELTA, { type: 'error', error: { type: 'rate_limit_error', message: 'slow' } }],
      'rate_limited',
    ],
  ])('is given up at %s', (_, events, failure) => {
    const tap = tapOf();
    expect(failureOf(() => passAll(tap, events))).toBe(failure);
  });

  it.each<[string, readonly JsonObject[]]>([
    ['without a start', []],
    ['in the middle', [START, TEXT, DELTA]],
    ['after the stop reason', [START, TEXT, DELTA, STOP, END]],
  ])('is truncated when it ends %s', (_, events) => {
    const tap = tapOf();
    passAll(tap, events);
    expect(failureOf(() => tap.end())).toBe('truncated');
    expect(tap.progress.done).toBe(false);
  });

  it.each<[string, readonly JsonObject[]]>([
    ['a refusal', [START, { ...END, delta: { stop_reason: 'refusal' } }, DONE]],
    ['a cache pre-warm', [START, { ...END, delta: { stop_reason: 'max_tokens' } }, DONE]],
  ])('may be whole without content: %s', (_, events) => {
    const tap = tapOf();
    passAll(tap, events);
    expect(tap.end()).toBe('');
  });

  it('drops a second start, an alien terminator, and whatever follows the end', () => {
    const tap = tapOf();
    passAll(tap, [START]);
    expect(passAll(tap, [START])).toBe('');
    passAll(tap, [TEXT, DELTA, STOP, END, DONE]);
    expect(tap.pass({ event: null, data: '[DONE]' })).toBe('');
    expect(passAll(tap, [START, DELTA])).toBe('');
  });

  it('is not fooled by text that looks like a delta of another kind', () => {
    const tap = tapOf();
    passAll(tap, [START, TEXT, { ...DELTA, delta: { type: 'text_delta', text: '"signature_delta"' } }]);
    expect(tap.progress.semantic).toBe(true);
  });
});

function dataOf(frame: string): JsonObject {
  return JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '') as JsonObject;
}
