import type { JsonObject } from '@switchyard/contract';
import { DeltaTemplate } from './delta-template.js';
import { chunk } from './dialect.fixture.js';

const learn = (payload: object) => {
  const text = JSON.stringify(payload);
  return DeltaTemplate.learn(text, JSON.parse(text) as JsonObject, '"public"');
};
const text = (content: string, more: object = {}) => JSON.stringify(chunk({ content }, null, more));

describe('the template of a delta', () => {
  it('fits the next chunk of the same shape and renames its model', () => {
    const match = learn(chunk({ content: 'a' }))?.match(text('b\n"é'));
    expect(JSON.parse(match!.text)).toEqual({ ...chunk({ content: 'b\n"é' }), model: 'public' });
    expect(match!.length).toBe(4);
  });

  it('fits whatever stands in obfuscation, and a model after the content', () => {
    const late = (content: string, obfuscation: string) => ({
      choices: [{ index: 0, delta: { content } }],
      model: 'm',
      obfuscation,
      x: 1,
    });
    const match = learn(late('a', 'zz'))?.match(JSON.stringify(late('b', 'y"y')));
    expect(JSON.parse(match!.text)).toEqual({ ...late('b', 'y"y'), model: 'public' });
  });

  it.each<[string, object]>([
    ['reasoning', chunk({ reasoning_content: 'a', content: null })],
    ['tool arguments', chunk({ tool_calls: [{ index: 0, function: { arguments: '{"' } }] })],
  ])('is learned of %s too', (_what, payload) => {
    expect(learn(payload)?.match(JSON.stringify(payload))).not.toBeNull();
  });

  it.each<[string, object]>([
    ['a finish reason', chunk({ content: 'a' }, 'stop')],
    ['usage', chunk({ content: 'a' }, null, { usage: { prompt_tokens: 1 } })],
    ['a role', chunk({ role: 'assistant', content: 'a' })],
    ['two texts', chunk({ content: 'a', reasoning: 'b' })],
    ['a call that begins', chunk({ tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: 'a' } }] })],
    ['no text', chunk({ content: '' })],
    ['several choices', { choices: [{ delta: { content: 'a' } }, { delta: { content: 'b' } }] }],
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
