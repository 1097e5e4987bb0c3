import { UpstreamError } from '@switchyard/contract';
import type { FailureClass, JsonObject } from '@switchyard/contract';
import { contextOf, targetOf } from './__fixtures__/kit.js';
import { writeCitation } from './citations.js';
import { passAnswer, passRequest } from './pass-through.js';

describe('a request handed through', () => {
  it('has its model replaced and nothing else', () => {
    const body: JsonObject = {
      model: 'acme/m1',
      max_tokens: 5,
      brand_new: 1,
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 't', signature: 'EqQB==' },
            { type: 'redacted_thinking', data: 'Em' },
          ],
        },
      ],
    };
    expect([...passRequest(body, targetOf())]).toEqual([['model', 'acme-m1-20260101']]);
  });

  it('loses the reasoning that another provider gave earlier, which Anthropic would refuse', () => {
    const kept = { role: 'user', content: [{ type: 'text', text: 'sw1.x.y' }] };
    const body: JsonObject = {
      messages: [
        kept,
        {
          role: 'assistant',
          x: 1,
          content: [
            { type: 'thinking', thinking: 't', signature: 'sw1.openrouter.c2ln' },
            { type: 'text', text: 'ok' },
          ],
        },
        { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'sw1.openrouter.c2ln' }] },
        kept,
      ],
    };
    const messages = passRequest(body, targetOf()).get('messages');
    expect(messages).toEqual([kept, { role: 'assistant', x: 1, content: [{ type: 'text', text: 'ok' }] }, kept]);
  });

  it('gets reasoning back in its own form where the target is its origin', () => {
    const thinking = { type: 'thinking', thinking: 't', signature: 'sw1.minimax.c2ln' };
    const body: JsonObject = { messages: [{ role: 'assistant', content: [thinking] }] };
    const messages = passRequest(body, targetOf({ origin: 'minimax' })).get('messages');
    expect(messages).toEqual([{ role: 'assistant', content: [{ ...thinking, signature: 'sig' }] }]);
  });
});

describe('citations made up for an earlier answer', () => {
  const madeUp = writeCitation({ kind: 'web', url: 'https://example.com' });
  const own = { type: 'web_search_result_location', url: 'https://example.com', encrypted_index: 'Eo8B' };

  it('do not reach Anthropic, its own do', () => {
    const text = (citations: readonly unknown[]): JsonObject => ({
      messages: [{ role: 'assistant', content: [{ type: 'text', text: 't', citations } as JsonObject] }],
    });
    expect(passRequest(text([own]), targetOf()).has('messages')).toBe(false);
    expect(passRequest(text([madeUp, own]), targetOf()).get('messages')).toEqual(text([own])['messages']);
    expect(passRequest(text([madeUp]), targetOf()).get('messages')).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: 't' }] },
    ]);
  });
});

describe('an answer handed through', () => {
  const message: JsonObject = {
    id: 'msg_1',
    type: 'message',
    model: 'up',
    content: [
      { type: 'text', text: 'Hi' },
      { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 3, output_tokens: 4, brand_new: 1 },
  };

  it('shows the public model, the cost beside what the upstream said, and the routing', () => {
    const context = contextOf({ costFields: () => ({ cost: 0.1 }), routing: () => ({ attempt: 1 }), compatNaga: true });
    const { edits, summary } = passAnswer(message, context);
    expect(Object.fromEntries(edits)).toEqual({
      model: 'acme/m1',
      usage: { input_tokens: 3, output_tokens: 4, brand_new: 1, cost: 0.1 },
      routing: { attempt: 1 },
      created: 1_700_000_000,
    });
    expect(summary).toMatchObject({
      stopReason: 'tool-use',
      upstreamModel: 'up',
      upstreamId: 'msg_1',
      contentLength: 10,
    });
  });

  it('is left alone where there is nothing to show', () => {
    expect([...passAnswer(message, contextOf()).edits.keys()]).toEqual(['model']);
  });

  it.each<[string, JsonObject, FailureClass]>([
    ['an error', { type: 'error', error: { type: 'overloaded_error', message: 'x' } }, 'overloaded'],
    ['an error of another shape', { error: { code: 429, message: 'x' } }, 'rate_limited'],
    ['another dialect', { object: 'chat.completion', choices: [] }, 'invalid_answer'],
    ['nothing', {}, 'invalid_answer'],
    ['an end of turn with nothing said', { ...message, content: [], stop_reason: 'end_turn' }, 'invalid_answer'],
    [
      'an end of turn with empty text',
      { ...message, content: [{ type: 'text', text: '' }], stop_reason: 'end_turn' },
      'invalid_answer',
    ],
  ])('is refused when it is %s', (_, body, failure) => {
    expect(() => passAnswer(body, contextOf())).toThrow(UpstreamError);
    try {
      passAnswer(body, contextOf());
    } catch (error) {
      expect((error as UpstreamError).failure.class).toBe(failure);
    }
  });

  it.each(['refusal', 'max_tokens', 'pause_turn'])('may have no content when it ended by %s', (stopReason) => {
    expect(() => passAnswer({ ...message, content: [], stop_reason: stopReason }, contextOf())).not.toThrow();
  });
});
