import type { JsonObject } from '@switchyard/contract';
import type { Shape } from './golden-case.js';

/** The ways in which an upstream can tell one usage: a JSON answer, and streams with the usage in different places. */
export interface Carried {
  readonly answer: JsonObject;
  /** By what is peculiar to them; payloads in order. */
  readonly streams: Readonly<Record<string, readonly JsonObject[]>>;
}

/** Wraps a usage as upstreams of this shape do. */
export function carry(shape: Shape, usage: JsonObject): Carried {
  switch (shape) {
    case 'anthropic-messages':
      return anthropic(usage);
    case 'openai-chat':
      return chat(usage);
    case 'openai-responses':
      return responses(usage);
    case 'gemini':
      return gemini(usage);
    case 'bedrock-converse':
      return bedrock(usage);
  }
}

function without(usage: JsonObject, isLeftOut: (name: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(usage).filter(([name]) => !isLeftOut(name)));
}

function anthropic(usage: JsonObject): Carried {
  const message = { type: 'message', role: 'assistant', id: 'msg_1', model: 'm', stop_reason: null, content: [] };
  const isInput = (name: string): boolean => name.startsWith('input_') || name.startsWith('cache_');
  const input = without(usage, (name) => !isInput(name));
  const stream = (first: JsonObject, last: JsonObject): readonly JsonObject[] => [
    { type: 'message_start', message: { ...message, usage: { ...first, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: last },
    { type: 'message_stop' },
  ];
  return {
    answer: { ...message, stop_reason: 'end_turn', content: [{ type: 'text', text: 'Hello' }], usage },
    streams: {
      'all counts at both ends': stream(input, usage),
      'the input at the start and the output at the end': stream(
        input,
        without(usage, (name) => isInput(name)),
      ),
      'the cache at the end': stream(
        without(input, (name) => name.startsWith('cache_')),
        usage,
      ),
    },
  };
}

function chat(usage: JsonObject): Carried {
  const chunk = (more: JsonObject): JsonObject => ({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    ...more,
  });
  const text = chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }] });
  const end = { index: 0, delta: {}, finish_reason: 'stop' };
  const bare = without(usage, (name) => name.endsWith('_details'));
  return {
    answer: {
      id: 'c1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage,
    },
    streams: {
      'a chunk of its own': [text, chunk({ choices: [end], usage: null }), chunk({ choices: [], usage })],
      'the last chunk': [text, chunk({ choices: [end], usage })],
      'the choice that ends it': [text, chunk({ choices: [{ ...end, usage }] })],
      x_groq: [text, chunk({ choices: [end], x_groq: { usage } })],
      'every chunk, details in the first': [{ ...text, usage }, chunk({ choices: [end], usage: bare })],
    },
  };
}

function responses(usage: JsonObject): Carried {
  const running = { id: 'resp_1', status: 'in_progress', usage: null };
  const finished = { id: 'resp_1', status: 'completed', usage };
  return {
    answer: finished,
    streams: {
      'the last event': [
        { type: 'response.created', response: running },
        { type: 'response.output_text.delta', delta: 'Hello' },
        { type: 'response.completed', response: finished },
      ],
    },
  };
}

function gemini(usageMetadata: JsonObject): Carried {
  const candidates = [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP', index: 0 }];
  const isPrompt = (name: string): boolean => /^(prompt|cache)/.test(name);
  return {
    answer: { candidates, usageMetadata },
    streams: {
      'every chunk': [
        {
          candidates,
          usageMetadata: { ...without(usageMetadata, (name) => !isPrompt(name)), candidatesTokenCount: 1 },
        },
        { candidates, usageMetadata },
      ],
      'every chunk, the last without the cache': [
        { candidates, usageMetadata },
        { candidates, usageMetadata: without(usageMetadata, (name) => name.startsWith('cache')) },
        { usageMetadata: { trafficType: 'ON_DEMAND' } },
      ],
    },
  };
}

function bedrock(usage: JsonObject): Carried {
  return {
    answer: { output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } }, stopReason: 'end_turn', usage },
    streams: {
      'metadata after the stop': [
        { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello' } } },
        { messageStop: { stopReason: 'end_turn' } },
        { metadata: { usage, metrics: { latencyMs: 1 } } },
      ],
      'metadata before the stop': [{ metadata: { usage } }, { messageStop: { stopReason: 'end_turn' } }],
    },
  };
}
