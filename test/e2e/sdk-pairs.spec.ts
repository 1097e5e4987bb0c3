import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { BOTH_DIALECTS, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const WEATHER_SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
const ANTHROPIC_TOOL: Anthropic.Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: WEATHER_SCHEMA,
};
const OPENAI_TOOL: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather of a city', parameters: WEATHER_SCHEMA },
};

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(BOTH_DIALECTS);
});
afterAll(() => rig.stop());

describe.each(['acme/messages', 'acme/chat'])('the Anthropic SDK with %s', (model) => {
  const ask = (
    extra: Partial<Anthropic.MessageCreateParamsNonStreaming> = {},
  ): Anthropic.MessageCreateParamsNonStreaming => ({
    model,
    max_tokens: 512,
    messages: [{ role: 'user', content: 'Hello there' }],
    ...extra,
  });

  it('parses a whole answer with usage and cost', async () => {
    const message = await rig.anthropic.messages.create(ask());
    expect(message).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn' });
    expect(textOf(message)).not.toBe('');
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
    expect((message.usage as unknown as { cost: number }).cost).toBeGreaterThan(0);
  });

  it('streams the same answer, with the same usage', async () => {
    const whole = await rig.anthropic.messages.create(ask());
    const streamed = await rig.anthropic.messages.stream(ask()).finalMessage();
    expect(textOf(streamed)).toBe(textOf(whole));
    expect(streamed.stop_reason).toBe(whole.stop_reason);
    expect(totalInput(streamed.usage)).toBe(totalInput(whole.usage));
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  it.each([false, true])('round-trips a tool call (stream: %s)', async (stream) => {
    const first = ask({ tools: [ANTHROPIC_TOOL] });
    const message = stream
      ? await rig.anthropic.messages.stream(first).finalMessage()
      : await rig.anthropic.messages.create(first);
    expect(message.stop_reason).toBe('tool_use');
    const [call] = message.content.filter((block) => block.type === 'tool_use');
    expect(call).toMatchObject({ name: 'get_weather', input: { city: expect.any(String) as string } });
    const answer = await rig.anthropic.messages.create(
      ask({
        tools: [ANTHROPIC_TOOL],
        messages: [
          { role: 'user', content: 'Hello there' },
          { role: 'assistant', content: message.content as Anthropic.ContentBlockParam[] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'sunny-and-warm' }] },
        ],
      }),
    );
    expect(textOf(answer)).toContain('sunny-and-warm');
    expect(answer.stop_reason).toBe('end_turn');
  });

  it.each([false, true])('keeps parallel tool calls apart (stream: %s)', async (stream) => {
    const params = ask({ tools: [ANTHROPIC_TOOL], messages: [{ role: 'user', content: 'in parallel please' }] });
    const message = stream
      ? await rig.anthropic.messages.stream(params).finalMessage()
      : await rig.anthropic.messages.create(params);
    const calls = message.content.filter((block) => block.type === 'tool_use');
    expect(calls.length).toBeGreaterThan(1);
    expect(new Set(calls.map((call) => call.id)).size).toBe(calls.length);
  });

  it('sends images', async () => {
    const image: Anthropic.ImageBlockParam = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: PIXEL },
    };
    const message = await rig.anthropic.messages.create(
      ask({ messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }] }),
    );
    expect(textOf(message)).toContain('1 image');
  });

  it.each([false, true])('carries thinking (stream: %s)', async (stream) => {
    const params = ask({ max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 1024 } });
    const message = stream
      ? await rig.anthropic.messages.stream(params).finalMessage()
      : await rig.anthropic.messages.create(params);
    const [thinking] = message.content.filter((block) => block.type === 'thinking');
    expect(thinking?.thinking).not.toBe('');
    const answer = await rig.anthropic.messages.create({
      ...params,
      messages: [
        ...params.messages,
        { role: 'assistant', content: message.content as Anthropic.ContentBlockParam[] },
        { role: 'user', content: 'Go on' },
      ],
    });
    expect(answer.stop_reason).toBe('end_turn');
  });

  it('reports cached tokens apart from input tokens', async () => {
    const params = ask({
      system: [{ type: 'text', text: 'A long instruction. '.repeat(400), cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: `cache me with ${model}` }],
    });
    const first = await rig.anthropic.messages.create(params);
    const second = await rig.anthropic.messages.create(params);
    expect(second.usage.cache_read_input_tokens).toBeGreaterThan(1_000);
    expect(totalInput(second.usage)).toBe(totalInput(first.usage));
    expect(second.usage.input_tokens).toBeLessThan(totalInput(second.usage));
  });

  it('stops at max_tokens and says so', async () => {
    const message = await rig.anthropic.messages.create(ask({ max_tokens: 2 }));
    expect(message.stop_reason).toBe('max_tokens');
  });
});

describe.each(['acme/messages', 'acme/chat'])('the OpenAI SDK with %s', (model) => {
  const ask = (
    extra: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {},
  ): OpenAI.ChatCompletionCreateParamsNonStreaming => ({
    model,
    messages: [{ role: 'user', content: 'Hello there' }],
    ...extra,
  });
  const final = async (
    params: OpenAI.ChatCompletionCreateParamsNonStreaming,
    stream: boolean,
  ): Promise<OpenAI.ChatCompletion> =>
    stream
      ? rig.openai.chat.completions
          .stream({ ...params, stream: true, stream_options: { include_usage: true } })
          .finalChatCompletion()
      : rig.openai.chat.completions.create(params);

  it('parses a whole answer with usage and cost', async () => {
    const completion = await rig.openai.chat.completions.create(ask());
    expect(completion).toMatchObject({ object: 'chat.completion', model });
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } });
    expect(completion.usage?.total_tokens).toBe(
      (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0),
    );
    expect((completion.usage as unknown as { cost: number }).cost).toBeGreaterThan(0);
  });

  it('streams the same answer, with the same usage', async () => {
    const whole = await final(ask(), false);
    const streamed = await final(ask(), true);
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect(streamed.usage?.prompt_tokens).toBe(whole.usage?.prompt_tokens);
    expect(streamed.usage?.completion_tokens).toBe(whole.usage?.completion_tokens);
  });

  it('streams no usage chunk that was not asked for', async () => {
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await rig.openai.chat.completions.create({ ...ask(), stream: true })) chunks.push(chunk);
    expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true);
    expect(chunks.every((chunk) => chunk.model === model)).toBe(true);
  });

  it.each([false, true])('round-trips a tool call (stream: %s)', async (stream) => {
    const completion = await final(ask({ tools: [OPENAI_TOOL] }), stream);
    const choice = completion.choices[0];
    expect(choice?.finish_reason).toBe('tool_calls');
    const [call] = choice?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error('no function call came back');
    expect(JSON.parse(call.function.arguments)).toEqual({ city: expect.any(String) as string });
    const answer = await rig.openai.chat.completions.create(
      ask({
        tools: [OPENAI_TOOL],
        messages: [
          { role: 'user', content: 'Hello there' },
          { role: 'assistant', content: null, tool_calls: [call] },
          { role: 'tool', tool_call_id: call.id, content: 'sunny-and-warm' },
        ],
      }),
    );
    expect(answer.choices[0]?.message.content).toContain('sunny-and-warm');
  });

  it.each([false, true])('keeps parallel tool calls apart (stream: %s)', async (stream) => {
    const completion = await final(
      ask({ tools: [OPENAI_TOOL], messages: [{ role: 'user', content: 'in parallel please' }] }),
      stream,
    );
    const calls = completion.choices[0]?.message.tool_calls ?? [];
    expect(calls.length).toBeGreaterThan(1);
    expect(new Set(calls.map((call) => call.id)).size).toBe(calls.length);
  });

  it('sends images', async () => {
    const completion = await rig.openai.chat.completions.create(
      ask({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
            ],
          },
        ],
      }),
    );
    expect(completion.choices[0]?.message.content).toContain('1 image');
  });

  it('includes cached tokens in prompt tokens', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      {
        role: 'system',
        content: [
          {
            type: 'text',
            text: 'A long instruction. '.repeat(400),
            cache_control: { type: 'ephemeral' },
          } as OpenAI.ChatCompletionContentPartText,
        ],
      },
      { role: 'user', content: `cache me with ${model}` },
    ];
    const first = await rig.openai.chat.completions.create(ask({ messages, prompt_cache_key: 'e2e' }));
    const second = await rig.openai.chat.completions.create(ask({ messages, prompt_cache_key: 'e2e' }));
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(1_000);
    expect(second.usage?.prompt_tokens).toBe(first.usage?.prompt_tokens);
  });

  it('answers in the schema asked for', async () => {
    const completion = await rig.openai.chat.completions.create(
      ask({
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'weather', strict: true, schema: { ...WEATHER_SCHEMA, additionalProperties: false } },
        },
      }),
    );
    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ city: expect.any(String) as string });
  });
});

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

function totalInput(usage: Anthropic.Usage): number {
  return usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
}
