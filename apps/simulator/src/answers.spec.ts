import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startSimulator, type RunningSimulator } from './index.js';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } },
  required: ['city', 'days'],
  additionalProperties: false,
};
const sample = { city: 'simulated city', days: 2 };

let simulator: RunningSimulator;
let anthropic: Anthropic;
let openai: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  anthropic = new Anthropic({ apiKey: 'sk-test', baseURL: simulator.url, maxRetries: 0 });
  openai = new OpenAI({ apiKey: 'sk-test', baseURL: `${simulator.url}/v1`, maxRetries: 0 });
});
afterAll(() => simulator.close());
beforeEach(() => simulator.clear());

type Question = Partial<Anthropic.MessageCreateParamsNonStreaming>;
type ChatQuestion = Partial<Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>>;

/** The answer read whole and from the stream, which must be the same but for what the stream helper adds. */
async function askClaude(question: Question): Promise<Anthropic.Message> {
  const body = { model: 'm', max_tokens: 2000, messages: [{ role: 'user' as const, content: 'hi' }], ...question };
  simulator.clear();
  const whole = await anthropic.messages.create(body);
  simulator.clear();
  const streamed = await anthropic.messages.stream(body).finalMessage();
  expect(JSON.parse(JSON.stringify({ ...streamed, parsed_output: undefined }))).toEqual(whole);
  return whole;
}

async function askChat(question: ChatQuestion): Promise<OpenAI.ChatCompletion> {
  const body = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }], ...question };
  simulator.clear();
  const whole = await openai.chat.completions.create(body);
  simulator.clear();
  const streamed = await openai.chat.completions
    .stream({ ...body, stream_options: { include_usage: true } })
    .finalChatCompletion();
  for (const [index, choice] of whole.choices.entries()) {
    const { message, finish_reason } = streamed.choices[index]!;
    expect(finish_reason).toBe(choice.finish_reason);
    expect(message.content || null).toBe(choice.message.content || null);
    expect(message.tool_calls?.map(({ id, type }) => ({ id, type }))).toEqual(
      choice.message.tool_calls?.map(({ id, type }) => ({ id, type })),
    );
  }
  expect(streamed.usage).toEqual(whole.usage);
  return whole;
}

const claudeTools: Anthropic.Tool[] = [
  { name: 'weather', input_schema: schema },
  { name: 'now', input_schema: { type: 'object' } },
];
const chatTools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'weather', parameters: schema } },
  { type: 'function', function: { name: 'now' } },
];
const parallel = [{ role: 'user' as const, content: 'Call them in parallel.' }];

describe('tools in Anthropic words', () => {
  it('the first is called with arguments made from its schema', async () => {
    const message = await askClaude({ tools: claudeTools });
    expect(message).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'weather', input: sample }],
    });
  });

  it('the forced one is called, without arguments when it has none', async () => {
    const message = await askClaude({ tools: claudeTools, tool_choice: { type: 'tool', name: 'now' } });
    expect(message.content).toMatchObject([{ type: 'tool_use', name: 'now', input: {} }]);
  });

  it('two are called in parallel, unless that is switched off', async () => {
    const two = await askClaude({ tools: claudeTools, messages: parallel });
    expect(two.content.map((block) => block.type === 'tool_use' && block.name)).toEqual(['weather', 'now']);
    expect(new Set(two.content.map((block) => block.type === 'tool_use' && block.id)).size).toBe(2);
    const choice = { type: 'auto' as const, disable_parallel_tool_use: true };
    expect((await askClaude({ tools: claudeTools, messages: parallel, tool_choice: choice })).content).toHaveLength(1);
  });

  it('none is called when none may be', async () => {
    const message = await askClaude({ tools: claudeTools, tool_choice: { type: 'none' } });
    expect(message).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text' }] });
  });

  it('a result is answered with a text that tells of it', async () => {
    const asked = await askClaude({ tools: claudeTools });
    const [call] = asked.content as Anthropic.ToolUseBlock[];
    const answered = await askClaude({
      tools: claudeTools,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: asked.content },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call!.id, content: [{ type: 'text', text: 'sunny, 21 C' }] }],
        },
      ],
    });
    expect(answered.content).toMatchObject([{ type: 'text', text: expect.stringContaining('sunny, 21 C') }]);
  });
});

describe('tools in OpenAI words', () => {
  it('the first is called with arguments made from its schema', async () => {
    const [choice] = (await askChat({ tools: chatTools })).choices;
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
    expect(choice?.message.tool_calls).toMatchObject([
      {
        id: expect.stringMatching(/^call_/),
        type: 'function',
        function: { name: 'weather', arguments: JSON.stringify(sample) },
      },
    ]);
  });

  it('the forced one, both in parallel, or none', async () => {
    const forced = await askChat({ tools: chatTools, tool_choice: { type: 'function', function: { name: 'now' } } });
    expect(forced.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'now', arguments: '{}' } }]);
    const both = await askChat({ tools: chatTools, messages: parallel });
    expect(both.choices[0]?.message.tool_calls).toHaveLength(2);
    const one = await askChat({ tools: chatTools, messages: parallel, parallel_tool_calls: false });
    expect(one.choices[0]?.message.tool_calls).toHaveLength(1);
    const none = await askChat({ tools: chatTools, tool_choice: 'none' });
    expect(none.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: expect.any(String) } });
  });

  it('a result is answered with a text that tells of it', async () => {
    const { message } = (await askChat({ tools: chatTools })).choices[0]!;
    const result = { role: 'tool' as const, tool_call_id: message.tool_calls![0]!.id, content: 'sunny, 21 C' };
    const answered = await askChat({ tools: chatTools, messages: [{ role: 'user', content: 'hi' }, message, result] });
    expect(answered.choices[0]?.message.content).toContain('sunny, 21 C');
  });

  it('a custom tool gets free text', async () => {
    const answer = await openai.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      tools: [{ type: 'custom', custom: { name: 'shell' } }],
    });
    expect(answer.choices[0]?.message.tool_calls).toMatchObject([
      { type: 'custom', custom: { name: 'shell', input: 'simulated input' } },
    ]);
  });
});

describe('thinking', () => {
  const thinking = { type: 'enabled' as const, budget_tokens: 1024 };

  it('comes first, signed, and is taken back as it was', async () => {
    const asked = await askClaude({ thinking, tools: claudeTools });
    expect(asked.content.map((block) => block.type)).toEqual(['thinking', 'tool_use']);
    const call = asked.content[1] as Anthropic.ToolUseBlock;
    const next = {
      thinking,
      tools: claudeTools,
      messages: [
        { role: 'user' as const, content: 'hi' },
        { role: 'assistant' as const, content: asked.content },
        { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: call.id, content: 'ok' }] },
      ],
    };
    expect((await askClaude(next)).stop_reason).toBe('end_turn');
    (asked.content[0] as Anthropic.ThinkingBlock).thinking += '!';
    await expect(askClaude(next)).rejects.toThrow('Invalid `signature` in `thinking` block');
  });

  it('is billed when it is withheld', async () => {
    const shown = await askClaude({ thinking });
    const hidden = await askClaude({ thinking: { ...thinking, display: 'omitted' } });
    expect(hidden.content[0]).toMatchObject({
      type: 'thinking',
      thinking: '',
      signature: expect.stringMatching(/^Sim/),
    });
    for (const { usage } of [shown, hidden]) expect(usage.output_tokens_details?.thinking_tokens).toBeGreaterThan(10);
  });

  it('can be redacted', async () => {
    const asked = await askClaude({ thinking, messages: [{ role: 'user', content: 'something redacted' }] });
    expect(asked.content.map((block) => block.type)).toEqual(['thinking', 'redacted_thinking', 'text']);
    const messages: Anthropic.MessageParam[] = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: asked.content },
      { role: 'user', content: 'go on' },
    ];
    expect((await askClaude({ thinking, messages })).stop_reason).toBe('end_turn');
  });

  it('is reasoning_content to OpenAI clients, counted as reasoning', async () => {
    const answer = await askChat({ reasoning_effort: 'low' });
    expect(answer.choices[0]?.message).toMatchObject({
      reasoning_content: expect.any(String),
      content: expect.any(String),
    });
    expect(answer.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(10);
    const none = await askChat({ reasoning_effort: 'none' });
    expect(none.choices[0]?.message).not.toHaveProperty('reasoning_content');
    expect(none.usage?.completion_tokens_details?.reasoning_tokens).toBe(0);
  });
});

describe('the answer', () => {
  it('is JSON by the schema when one is given', async () => {
    const claude = await askClaude({ output_config: { format: { type: 'json_schema', schema } } });
    expect(JSON.parse((claude.content[0] as Anthropic.TextBlock).text)).toEqual(sample);
    const format = { type: 'json_schema' as const, json_schema: { name: 'trip', schema } };
    const chat = await askChat({ response_format: format });
    expect(JSON.parse(chat.choices[0]?.message.content ?? '')).toEqual(sample);
  });

  it('acknowledges images and documents', async () => {
    const image = {
      type: 'image' as const,
      source: { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL },
    };
    const one = await askClaude({
      messages: [{ role: 'user', content: [image, { type: 'text', text: 'What is it?' }] }],
    });
    expect((one.content[0] as Anthropic.TextBlock).text).toMatch(/^I see 1 image\./);
    const part = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } };
    const two = await askChat({ messages: [{ role: 'user', content: [part, part] }] });
    expect(two.choices[0]?.message.content).toMatch(/^I see 2 images\./);
  });

  it('ends before a stop sequence and says which', async () => {
    const messages = [{ role: 'user' as const, content: 'Say 30 words.' }];
    const claude = await askClaude({ messages, stop_sequences: ['zzz', 'tracks'] });
    expect(claude).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'tracks' });
    expect((claude.content[0] as Anthropic.TextBlock).text).not.toContain('tracks');
    const chat = await askChat({ messages, stop: 'tracks' });
    expect(chat.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: expect.not.stringContaining('tracks') },
    });
  });

  it('ends at the token limit, in a text or in arguments', async () => {
    const claude = await askClaude({ max_tokens: 5 });
    expect(claude).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 5 } });
    const chat = await askChat({ max_completion_tokens: 5 });
    expect(chat).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 5 } });
    const cut = await openai.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      tools: chatTools,
      max_completion_tokens: 6,
    });
    expect(cut.choices[0]?.finish_reason).toBe('length');
    expect(cut.choices[0]?.message.tool_calls).toMatchObject([
      { function: { arguments: JSON.stringify(sample).slice(0, 16) } },
    ]);
  });

  it('is as long as was asked for', async () => {
    const claude = await askClaude({ messages: [{ role: 'user', content: 'Say 123 words.' }] });
    expect((claude.content[0] as Anthropic.TextBlock).text.split(' ')).toHaveLength(123);
  });

  it('cites what it may', async () => {
    const source = { type: 'text' as const, media_type: 'text/plain' as const, data: 'Rails are made of steel.' };
    const document = { type: 'document' as const, source, title: 'Rails', citations: { enabled: true } };
    const claude = await askClaude({
      messages: [{ role: 'user', content: [document, { type: 'text', text: 'What of?' }] }],
    });
    expect(claude.content[0]).toMatchObject({
      citations: [{ type: 'char_location', cited_text: 'Rails are made of steel.', document_title: 'Rails' }],
    });
    const chat = await askChat({ web_search_options: {} });
    expect(chat.choices[0]?.message.annotations).toMatchObject([{ type: 'url_citation' }]);
  });

  it('has as many choices and logprobs as were asked for', async () => {
    const chat = await openai.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      n: 2,
      logprobs: true,
    });
    expect(chat.choices.map((choice) => choice.index)).toEqual([0, 1]);
    const [first] = chat.choices;
    expect(first?.logprobs?.content?.map(({ token }) => token).join('')).toBe(first?.message.content);
  });
});

describe('the prompt cache', () => {
  const system = 'You are a signalman. '.repeat(40);

  it('is read by the second identical request, apart from the input in Anthropic words', async () => {
    const question = {
      model: 'm',
      max_tokens: 50,
      system: [
        { type: 'text' as const, text: system, cache_control: { type: 'ephemeral' as const, ttl: '1h' as const } },
      ],
      messages: [{ role: 'user' as const, content: 'hi' }],
    };
    const first = (await anthropic.messages.create(question)).usage;
    const second = (await anthropic.messages.create(question)).usage;
    expect(first).toMatchObject({
      input_tokens: 1,
      cache_creation_input_tokens: 210,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 210 },
    });
    expect(second).toMatchObject({ input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 210 });
  });

  it('is read by the second identical request, inside of the prompt tokens in OpenAI words', async () => {
    const messages = [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: 'hi' },
    ];
    const usages = [];
    for (let time = 0; time < 2; time += 1)
      usages.push((await openai.chat.completions.create({ model: 'm', messages })).usage);
    expect(usages[0]).toMatchObject({ prompt_tokens: 211, prompt_tokens_details: { cached_tokens: 0 } });
    expect(usages[1]).toMatchObject({ prompt_tokens: 211, prompt_tokens_details: { cached_tokens: 192 } });
  });

  it('is not touched by counting', async () => {
    const question = {
      model: 'm',
      system: [{ type: 'text' as const, text: system, cache_control: { type: 'ephemeral' as const } }],
    };
    const messages = [{ role: 'user' as const, content: 'hi' }];
    expect(await anthropic.messages.countTokens({ ...question, messages })).toEqual({ input_tokens: 211 });
    const { usage } = await anthropic.messages.create({ ...question, messages, max_tokens: 50 });
    expect(usage.cache_read_input_tokens).toBe(0);
  });
});

it('signed reasoning_details are given when `reasoning` asks, and taken back as they were', async () => {
  const lenient = await startSimulator();
  try {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${lenient.url}/openrouter/v1`, maxRetries: 0 });
    const question = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }], reasoning: { effort: 'low' } };
    const { message } = (await client.chat.completions.create(question)).choices[0]!;
    expect(message).toMatchObject({
      reasoning_details: [{ type: 'reasoning.text', signature: expect.stringMatching(/^Sim/) }],
    });
    const again = { ...question, messages: [...question.messages, message, ...question.messages] };
    expect((await client.chat.completions.create(again)).choices[0]?.finish_reason).toBe('stop');
    const signatures = [];
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true as const })) {
      const { reasoning_details } = chunk.choices[0]?.delta as { reasoning_details?: { signature?: string }[] };
      signatures.push(...(reasoning_details ?? []).flatMap(({ signature }) => signature ?? []));
    }
    expect(signatures).toHaveLength(1);
  } finally {
    await lenient.close();
  }
});
