import { ZERO_USAGE } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Answer } from '@switchyard/conversation';
import { context } from './dialect.fixture.js';
import { openaiChat } from './index.js';

const ANSWER: Answer = {
  upstreamId: 'msg_1',
  upstreamModel: 'claude',
  content: [{ type: 'text', text: 'hi' }],
  stopReason: 'end',
  usage: { present: true, usage: { ...ZERO_USAGE, uncachedInput: 3, output: 2 }, suspect: [] },
};

const messageOf = (body: JsonObject) => (body['choices'] as { message: JsonObject }[])[0]!.message;
const write = (changes: Partial<Answer>) => openaiChat.writeAnswer({ ...ANSWER, ...changes }, context());

describe('a chat completion', () => {
  it('carries cost, routing metadata and the tier in OpenAI words', () => {
    const body = openaiChat.writeAnswer(
      { ...ANSWER, serviceTier: 'standard', systemFingerprint: 'fp', createdS: 5 },
      context({ costFields: () => ({ cost: 0.1, cost_details: {} }), routing: () => ({ attempt: 1 }) }),
    );
    expect(body).toMatchObject({
      id: 'chatcmpl-g1',
      object: 'chat.completion',
      created: 5,
      model: 'acme/m1',
      provider: 'host',
      service_tier: 'default',
      system_fingerprint: 'fp',
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, cost: 0.1 },
      routing: { attempt: 1 },
    });
  });

  it('has null content and no tool_calls member where there are none', () => {
    expect(messageOf(write({ content: [] }))).toEqual({ role: 'assistant', content: null, refusal: null });
  });

  it('says {} for a call without arguments and keeps free text of a custom tool', () => {
    const body = write({
      stopReason: 'tool-use',
      content: [
        { type: 'tool-call', id: 'a', name: 'f', arguments: '', kind: 'function' },
        { type: 'tool-call', id: 'b', name: 'g', arguments: 'x|y', kind: 'custom' },
      ],
    });
    expect(messageOf(body)['tool_calls']).toEqual([
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
      { id: 'b', type: 'custom', custom: { name: 'g', input: 'x|y' } },
    ]);
    expect(body['choices']).toMatchObject([{ finish_reason: 'tool_calls' }]);
  });

  it('puts a refusal where OpenAI clients look for it, from a block or from the explanation', () => {
    expect(messageOf(write({ content: [{ type: 'refusal', text: 'no' }], stopReason: 'refusal' }))['refusal']).toBe(
      'no',
    );
    const explained = write({ content: [], stopReason: 'refusal', refusal: { explanation: 'I must not.' } });
    expect(messageOf(explained)).toMatchObject({ content: null, refusal: 'I must not.' });
    expect(explained['choices']).toMatchObject([{ finish_reason: 'content_filter' }]);
  });

  it('leaves usage out where the upstream gave none', () => {
    expect(write({ usage: { present: false, usage: ZERO_USAGE, suspect: [] } })).not.toHaveProperty('usage');
  });

  it('keeps images by URL and leaves out those that are only a file id elsewhere', () => {
    const body = write({
      content: [
        { type: 'image', source: { kind: 'url', url: 'https://e.com/i.png' } },
        { type: 'image', source: { kind: 'file', fileId: 'f' } },
      ],
    });
    expect(messageOf(body)['images']).toEqual([{ type: 'image_url', image_url: { url: 'https://e.com/i.png' } }]);
  });
});
