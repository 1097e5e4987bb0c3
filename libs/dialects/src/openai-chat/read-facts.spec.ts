import fc from 'fast-check';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { openaiChat } from './index.js';

const base = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const facts = (changes: JsonObject) => openaiChat.readFacts({ ...base, ...changes });

function faultOf(body: JsonObject): { code: string; param: string | undefined; message: string } {
  try {
    openaiChat.readFacts(body);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, param: error.details.param, message: error.message };
    throw error;
  }
  throw new Error('accepted');
}

describe('the envelope of a chat request', () => {
  it.each<[string, JsonObject]>([
    ['model', { model: 5 }],
    ['model', { model: '' }],
    ['model', { model: null }],
    ['messages', { messages: [] }],
    ['messages', { messages: null }],
    ['messages', { messages: 'hi' }],
    ['messages.0', { messages: ['hi'] }],
    ['messages.0.role', { messages: [{ content: 'hi' }] }],
    ['messages.0.role', { messages: [{ role: 'robot', content: 'hi' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: { type: 'text' } }] }],
    ['messages.1.content.1', { messages: [...base.messages, { role: 'user', content: [{ type: 'text' }, 'x'] }] }],
    ['messages.0.tool_calls', { messages: [{ role: 'assistant', tool_calls: {} }] }],
    ['messages.0.tool_calls.0', { messages: [{ role: 'assistant', tool_calls: ['x'] }] }],
    ['stream', { stream: 'true' }],
    ['stream_options', { stream_options: true }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: 1.5 }],
    ['max_tokens', { max_tokens: '100' }],
    ['max_completion_tokens', { max_completion_tokens: -1 }],
    ['max_completion_tokens', { max_completion_tokens: Number.POSITIVE_INFINITY }],
    ['max_tokens', { max_tokens: 10, max_completion_tokens: 20 }],
    ['n', { n: 0 }],
    ['n', { n: 1.5 }],
    ['temperature', { temperature: '1' }],
    ['temperature', { temperature: Number.POSITIVE_INFINITY }],
    ['top_p', { top_p: [] }],
    ['stop', { stop: 5 }],
    ['stop', { stop: ['a', 5] }],
    ['tools', { tools: {} }],
    ['tools.0', { tools: ['x'] }],
    ['tools', { tools: Array.from({ length: 1001 }, () => ({})) }],
    ['tool_choice', { tool_choice: 5 }],
    ['response_format', { response_format: 'json' }],
    ['reasoning', { reasoning: 'high' }],
    ['reasoning_effort', { reasoning_effort: 3 }],
    ['service_tier', { service_tier: 'turbo' }],
    ['logit_bias', { logit_bias: [] }],
    ['modalities', { modalities: 'audio' }],
    ['user', { user: 5 }],
  ])('names %s in a 400', (param, changes) => {
    const fault = faultOf({ ...base, ...changes });
    expect(fault).toMatchObject({ code: 'invalid_request', param });
    expect(fault.message).toContain(param);
  });

  it('takes null for absent in every optional field', () => {
    const fields = Object.fromEntries(
      [
        'stream',
        'stream_options',
        'max_tokens',
        'max_completion_tokens',
        'n',
        'temperature',
        'stop',
        'tools',
        'functions',
        'tool_choice',
        'response_format',
        'reasoning',
        'reasoning_effort',
        'service_tier',
        'logprobs',
        'seed',
        'modalities',
        'user',
      ].map((field) => [field, null]),
    );
    expect(facts(fields)).toEqual(facts({}));
  });

  it('does not mind stream options without a stream, unknown fields or equal limits', () => {
    expect(
      facts({ stream_options: { include_usage: true }, vendor_knob: 1, max_tokens: 5, max_completion_tokens: 5 }),
    ).toMatchObject({
      stream: false,
      maxOutputTokens: 5,
    });
  });

  it('takes a list of models in place of one', () => {
    const { model: _model, ...rest } = base;
    expect(openaiChat.readFacts({ ...rest, models: ['a/b'] }).model).toBeNull();
    expect(faultOf({ ...rest, models: [] })).toMatchObject({ param: 'model' });
  });

  it.each(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'standard', 'standard_only'])(
    'knows the tier %s',
    (tier) => {
      expect(facts({ service_tier: tier }).serviceTier).toBe(tier);
    },
  );

  it('repeats no more than a word of what was sent', () => {
    const secret = 'x'.repeat(500);
    expect(faultOf({ ...base, service_tier: secret }).message.length).toBeLessThan(200);
  });

  it('throws nothing but GatewayError, whatever the JSON', () => {
    const keys = fc.constantFrom(
      'model',
      'messages',
      'tools',
      'stop',
      'n',
      'stream',
      'max_tokens',
      'response_format',
      'x',
    );
    const body = fc.oneof(
      fc.dictionary(keys, fc.jsonValue()),
      fc
        .array(
          fc.record(
            { role: fc.constantFrom('user', 'assistant', 'tool'), content: fc.jsonValue(), tool_calls: fc.jsonValue() },
            { requiredKeys: ['role'] },
          ),
        )
        .map((messages) => ({ model: 'm', messages })),
    );
    fc.assert(
      fc.property(body, (value) => {
        let accepted = true;
        try {
          openaiChat.readFacts(value);
        } catch (error) {
          accepted = false;
          expect(error).toBeInstanceOf(GatewayError);
        }
        // What passed the check can be read.
        if (accepted) expect(() => openaiChat.readRequest(value as JsonObject)).not.toThrow(TypeError);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the facts of a chat request', () => {
  it.each<[JsonObject, string[]]>([
    [{}, []],
    [{ max_tokens: 5 }, []],
    [{ tools: [] }, []],
    [{ tools: [{ type: 'function' }] }, ['tools']],
    [{ functions: [{ name: 'f' }], function_call: 'auto' }, ['tool_choice', 'tools']],
    [{ response_format: { type: 'text' } }, []],
    [{ response_format: { type: 'json_object' } }, ['response_format']],
    [{ response_format: { type: 'json_schema', json_schema: {} } }, ['response_format', 'structured_outputs']],
    [{ reasoning_effort: 'low' }, ['reasoning', 'reasoning_effort']],
    [{ reasoning: { max_tokens: 5 } }, ['reasoning']],
    [{ stop: [] }, []],
    [{ stop: 'x' }, ['stop']],
    [{ logprobs: false }, []],
    [{ logprobs: true, top_logprobs: 0 }, ['logprobs', 'top_logprobs']],
    [{ temperature: 0, seed: 0, parallel_tool_calls: false }, ['parallel_tool_calls', 'seed', 'temperature']],
  ])('of %j use %j', (changes, parameters) => {
    expect(facts(changes).parameters).toEqual(parameters);
  });

  it('count text and tools but not media bytes', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(10_000)}` } };
    const small = facts({ messages: [{ role: 'user', content: [{ type: 'text', text: 'abc' }, image] }] });
    expect(small).toMatchObject({ textLength: 3, images: 1, inputModalities: ['text', 'image'] });
    const schema = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };
    const { textLength } = facts({ tools: [schema] });
    expect(Math.abs(textLength - 2 - JSON.stringify(schema).length)).toBeLessThan(15);
  });

  it('take the modalities asked for', () => {
    expect(facts({ modalities: ['image', 'text'] }).outputModalities).toEqual(['text', 'image']);
    expect(facts({}).outputModalities).toEqual(['text']);
  });
});
