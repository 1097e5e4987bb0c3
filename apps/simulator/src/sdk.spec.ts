import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startSimulator, type RunningSimulator } from './index.js';

let simulator: RunningSimulator;
let anthropic: Anthropic;
let openai: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator();
  anthropic = new Anthropic({ apiKey: 'sk-test', baseURL: `${simulator.url}/anthropic`, maxRetries: 0 });
  openai = new OpenAI({ apiKey: 'sk-test', baseURL: `${simulator.url}/deepinfra/v1`, maxRetries: 0 });
});
afterAll(() => simulator.close());
beforeEach(() => simulator.clear());

const question = [{ role: 'user' as const, content: 'What is a switchyard?' }];
const claude = { model: 'simulated-large', max_tokens: 1000, messages: question };
const gpt = { model: 'simulated-large', messages: question };

describe('the official Anthropic SDK', () => {
  it('reads a whole message', async () => {
    const message = await anthropic.messages.create(claude);
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      stop_reason: 'end_turn',
      model: 'simulated-large',
    });
    expect(message.content).toEqual([{ type: 'text', text: expect.any(String) }]);
    expect(message.usage).toMatchObject({ input_tokens: 6, cache_read_input_tokens: 0, service_tier: 'standard' });
  });

  it('reads the same message from a stream', async () => {
    const whole = await anthropic.messages.create(claude);
    const streamed = await anthropic.messages.stream(claude).finalMessage();
    expect({ ...streamed, parsed_output: undefined }).toMatchObject({ ...whole });
    expect(streamed.content[0]).toMatchObject({ type: 'text' });
  });

  it('counts tokens without answering', async () => {
    const { model, messages } = claude;
    expect(await anthropic.messages.countTokens({ model, messages })).toEqual({ input_tokens: 6 });
  });
});

describe('the official OpenAI SDK', () => {
  it('reads a whole completion', async () => {
    const completion = await openai.chat.completions.create(gpt);
    expect(completion).toMatchObject({ object: 'chat.completion', system_fingerprint: 'fp_simulator' });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', refusal: null },
    });
    expect(completion.usage?.prompt_tokens).toBe(6);
  });

  it('reads the same completion from a stream, with usage only when asked', async () => {
    const silent = await openai.chat.completions.stream(gpt).finalChatCompletion();
    expect(silent.usage).toBeUndefined();
    const asked = await openai.chat.completions
      .stream({ ...gpt, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(asked.usage?.completion_tokens).toBeGreaterThan(10);
    const whole = await openai.chat.completions.create(gpt);
    expect(asked.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect(asked.usage).toEqual({ ...whole.usage });
  });

  it('lists models', async () => {
    const page = await openai.models.list();
    expect(page.data.map((model) => model.id)).toContain('mock/ok');
  });
});

describe('the record', () => {
  it('names provider, dialect, model and the raw body of every request', async () => {
    await openai.chat.completions.create(gpt);
    expect(simulator.requests).toHaveLength(1);
    expect(simulator.requests[0]).toMatchObject({
      provider: 'deepinfra',
      dialect: 'openai-chat',
      model: 'simulated-large',
      path: '/deepinfra/v1/chat/completions',
      bodyText: JSON.stringify(gpt),
      status: 200,
      aborted: false,
    });
  });
});
