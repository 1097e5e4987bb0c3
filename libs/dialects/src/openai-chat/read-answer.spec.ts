import { UpstreamError } from '@switchyard/contract';
import type { FailureClass, JsonObject } from '@switchyard/contract';
import fc from 'fast-check';
import { context, origin } from './dialect.fixture.js';
import { openaiChat } from './index.js';

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const completion = (message: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...more }],
  usage,
});

function failureOf(act: () => unknown): FailureClass | 'none' {
  try {
    act();
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure.class;
    throw error;
  }
  return 'none';
}

const read = (body: JsonObject) => openaiChat.readAnswer(body, origin());
const pass = (body: JsonObject, changes = {}) => openaiChat.passAnswer(body, origin(), context(changes));

describe('a whole answer that is none', () => {
  it.each<[string, JsonObject, FailureClass | 'none']>([
    ['an error under status 200', { error: { message: 'x', code: 429 } }, 'rate_limited'],
    ['an error as text', { error: 'broken' }, 'server'],
    ['an error beside choices', { ...completion({ content: 'x' }), error: { message: 'x', code: 502 } }, 'server'],
    [
      'MiniMax status',
      { ...completion({ content: '' }), base_resp: { status_code: 1008, status_msg: 'insufficient balance' } },
      'billing',
    ],
    ['MiniMax success', { ...completion({ content: 'x' }), base_resp: { status_code: 0, status_msg: '' } }, 'none'],
    ['error: null beside choices', { ...completion({ content: 'x' }), error: null }, 'none'],
    ['no choices', { id: 'x' }, 'invalid_answer'],
    ['empty choices', { choices: [] }, 'invalid_answer'],
    ['an Anthropic message', { type: 'message', content: [{ type: 'text', text: 'x' }] }, 'invalid_answer'],
    ['choices that are no objects', { choices: ['x'] }, 'invalid_answer'],
    ['nothing in the message', { ...completion({ content: '' }), usage: null }, 'invalid_answer'],
    ['nothing but spent tokens', completion({ content: null }), 'none'],
    ['an error finish', completion({ content: 'x' }, { finish_reason: 'error', error: { code: 503 } }), 'overloaded'],
    ['no resources', completion({ content: 'x' }, { finish_reason: 'insufficient_system_resource' }), 'overloaded'],
  ])('%s: %s', (_case, body, expected) => {
    expect(failureOf(() => read(body))).toBe(expected);
    expect(failureOf(() => pass(body))).toBe(expected);
  });

  it('throws nothing but UpstreamError, whatever the JSON', () => {
    const anyBody = fc.oneof(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.record({ message: fc.jsonValue(), finish_reason: fc.jsonValue() }).map((choice) => ({ choices: [choice] })),
      fc
        .dictionary(
          fc.constantFrom('content', 'tool_calls', 'function_call', 'images', 'audio', 'reasoning_details'),
          fc.jsonValue(),
        )
        .map((message) => completion(message as JsonObject)),
    );
    fc.assert(
      fc.property(anyBody, (body) => {
        failureOf(() => read(body));
        failureOf(() => pass(body));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a whole answer', () => {
  it('takes each element of tool_calls as a call, even with one index and one id for all', () => {
    const one = { index: 0, id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } };
    const { content } = read(completion({ content: null, tool_calls: [one, one] }));
    expect(content).toMatchObject([
      { id: 'x', name: 'f' },
      { id: 'call_c1_2', name: 'f' },
    ]);
  });

  it('accepts a null finish reason', () => {
    expect(read(completion({ content: 'x' }, { finish_reason: null })).stopReason).toBe('end');
  });
});

describe('a whole answer that passes', () => {
  it('is edited for the model, and for cost and routing only where there are any', () => {
    expect([...pass(completion({ content: 'x' })).edits]).toEqual([['model', 'acme/m1']]);
    const { edits } = pass(completion({ content: 'x' }), {
      costFields: () => ({ cost: 1 }),
      routing: () => ({ a: 1 }),
    });
    expect(Object.fromEntries(edits)).toEqual({ model: 'acme/m1', usage: { ...usage, cost: 1 }, routing: { a: 1 } });
  });

  it('is summed up', () => {
    const body = { ...completion({ content: 'four', reasoning_content: 'hm' }), service_tier: 'flex' };
    expect(pass(body).summary).toMatchObject({
      stopReason: 'end',
      upstreamModel: 'm',
      upstreamId: 'c1',
      serviceTier: 'flex',
      contentLength: 6,
      usage: { present: true },
    });
  });

  it('says tool use where the host says stop after tool calls', () => {
    const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }];
    expect(pass(completion({ content: null, tool_calls: calls })).summary).toMatchObject({
      stopReason: 'tool-use',
      contentLength: 3,
    });
  });
});
