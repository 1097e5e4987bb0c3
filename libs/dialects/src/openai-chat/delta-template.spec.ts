import type { JsonObject } from '@switchyard/contract';
import { DeltaTemplate } from './delta-template.js';
import { chunk } from './dialect.fixture.js';

const learn = (payload: object) => {
  const text = JSON.stringify(payload);
  return DeltaTemplate.learn(text, JSON.parse(text) as JsonObject, '"public"');
};
const renamed = (template: DeltaTemplate | null, payload: string): unknown => {
  expect(template?.match(payload)).toEqual(expect.any(String));
  return template === null ? null : JSON.parse(template.rename(payload));
};
const text = (content: string, more: object = {}) => JSON.stringify(chunk({ content }, null, more));

describe('the template of a delta', () => {
  it('fits the next chunk of the same shape and renames its model', () => {
    const template = learn(chunk({ content: 'a' }));
    expect(renamed(template, text('b\n"é'))).toEqual({ ...chunk({ content: 'b\n"é' }), model: 'public' });
    expect(template?.match(text('b\n"é'))).toBe('b\n"é');
  });

  it('fits whatever stands in obfuscation, and a model after the content', () => {
    const late = (content: string, obfuscation: string) => ({
      choices: [{ index: 0, delta: { content } }],
      model: 'm',
      obfuscation,
      x: 1,
    });
    expect(renamed(learn(late('a', 'zz')), JSON.stringify(late('b', 'y"y')))).toEqual({
      ...late('b', 'y"y'),
      model: 'public',
    });
  });

  it.each<[string, object, JsonObject]>([
    ['text', chunk({ content: 'a' }), { content: 'a' }],
    ['reasoning', chunk({ reasoning_content: 'a', content: null }), { reasoning_content: 'a' }],
    [
      'tool arguments',
      chunk({ tool_calls: [{ index: 1, function: { arguments: 'a' } }] }),
      { tool_calls: [{ index: 1, function: { arguments: 'a' } }] },
    ],
  ])('tells the delta of a chunk of %s', (_what, payload, delta) => {
    const template = learn(payload);
    const value = template?.match(JSON.stringify(payload));
    expect(value).toBe('a');
    expect(template?.delta('a')).toEqual(delta);
  });

  it.each<[string, object]>([
    ['a finish reason', chunk({ content: 'a' }, 'stop')],
    ['usage', chunk({ content: 'a' }, null, { usage: { prompt_tokens: 1 } })],
    ['a role', chunk({ role: 'assistant', content: 'a' })],
    ['two texts', chunk({ content: 'a', reasoning: 'b' })],
    ['a call that begins', chunk({ tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: 'a' } }] })],
    ['no text', chunk({ content: '' })],
    ['several choices', { choices: [{ delta: { content: 'a' } }, { delta: { content: 'b' } }] }],
    ['log probabilities', { choices: [{ delta: { content: 'a' }, logprobs: { content: [] } }] }],
    ['another choice than the first', { choices: [{ index: 1, delta: { content: 'a' } }] }],
    ['its key more than once', chunk({ content: 'a' }, null, { x: { content: 'b' } })],
  ])('is not learned of a chunk with %s', (_what, payload) => {
    expect(learn(payload)).toBeNull();
  });

  it.each<[string, string]>([
    ['ends otherwise', text('b', { usage: { prompt_tokens: 1 } })],
    ['begins otherwise', text('b').replace('"c1"', '"c2"')],
    ['finishes', JSON.stringify(chunk({ content: 'b' }, 'stop'))],
    ['is cut', text('b').slice(0, -1)],
    ['has more after it', `${text('b')} x`],
    ['holds a bad escape', text('b').replace('"b"', '"\\x"')],
    ['holds a control character', text('b').replace('"b"', '"\u0001"')],
    ['is not JSON', 'data'],
  ])('does not fit a chunk that %s', (_how, payload) => {
    expect(learn(chunk({ content: 'a' }))?.match(payload)).toBeNull();
  });
});
