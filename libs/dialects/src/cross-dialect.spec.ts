import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { totalInput, totalOutput, UpstreamError, ZERO_USAGE } from '@switchyard/contract';
import type { JsonObject, Usage } from '@switchyard/contract';
import { fold, parseToolArguments } from '@switchyard/conversation';
import type { Answer, Block, StreamEvent } from '@switchyard/conversation';
import { contextOf, originOf, targetOf } from './anthropic-messages/__fixtures__/kit.js';
import { anthropicMessages } from './anthropic-messages/index.js';
import type { Deviations } from './deviations.js';
import type { Dialect } from './dialect.js';
import { checkGrammar, context, frames, origin, payloadsOf, target } from './openai-chat/dialect.fixture.js';
import { openaiChat } from './openai-chat/index.js';
import { SseScanner } from './sse/scanner.js';
import type { SseFrame } from './sse/frame.js';

const framesOf = (text: string): readonly SseFrame[] => {
  const scanner = new SseScanner();
  return [...scanner.push(Buffer.from(text)), ...scanner.end()];
};

function readStream(dialect: Dialect, all: readonly SseFrame[], name = 'host'): StreamEvent[] {
  const reader = dialect.streamReader({ ...origin(), origin: name });
  return [...all.flatMap((frame) => reader.read(frame)), ...reader.end()];
}

const toAnthropic = (events: readonly StreamEvent[]): string => {
  const writer = anthropicMessages.streamWriter(contextOf({ provider: 'host', origin: 'host' }));
  return events.map((event) => writer.write(event)).join('');
};
const toChat = (events: readonly StreamEvent[]): string => {
  const writer = openaiChat.streamWriter(context());
  return events.map((event) => writer.write(event)).join('');
};

/** What a client can see of an answer. A whole message holds parsed arguments, so their spelling is gone. */
const seen = ({ content, stopReason, usage }: Answer) => ({
  content: content.map((block) =>
    block.type === 'tool-call' ? { ...block, arguments: parseToolArguments(block.arguments) } : block,
  ),
  stopReason,
  usage: usage.usage,
});

const recorded = (folder: string, suffix: string) => {
  const base = new URL(`./${folder}/__fixtures__/`, import.meta.url);
  return readdirSync(base)
    .filter((file) => file.endsWith(suffix))
    .map((file) => [file, readFileSync(new URL(file, base), 'utf8')] as const);
};
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('a chat host for an Anthropic client', () => {
  it.each(recorded('openai-chat', '.stream.txt'))('streams well-formed Messages events: %s', (_file, text) => {
    const events = readStream(openaiChat, frames([...lines(text).filter((line) => line !== '[DONE]'), '[DONE]']));
    const again = readStream(anthropicMessages, framesOf(toAnthropic(events)), 'anthropic');
    checkGrammar(again);
    const [before, after] = [fold(events), fold(again)];
    expect(after.usage.present || !before.usage.present).toBe(true);
    expect([totalInput(after.usage.usage), totalOutput(after.usage.usage)]).toEqual([
      totalInput(before.usage.usage),
      totalOutput(before.usage.usage),
    ]);
    expect(spoken(after)).toBe(spoken(before));
    expect(calls(after)).toEqual(calls(before));
    expect(after.stopReason === 'tool-use').toBe(before.stopReason === 'tool-use');
  });

  it.each(recorded('openai-chat', '.answer.json'))('answers a well-formed message: %s', (_file, text) => {
    const answer = openaiChat.readAnswer(JSON.parse(text) as JsonObject, origin());
    const message = anthropicMessages.writeAnswer(answer, contextOf({ provider: 'host', origin: 'host' }));
    const again = anthropicMessages.readAnswer(message, originOf());
    expect(spoken(again)).toBe(spoken(answer));
    expect(calls(again)).toEqual(calls(answer));
  });

  it('says the same in a stream as in a whole answer', () => {
    for (const [, text] of recorded('openai-chat', '.stream.txt')) {
      const events = readStream(openaiChat, frames([...lines(text).filter((line) => line !== '[DONE]'), '[DONE]']));
      const streamed = fold(readStream(anthropicMessages, framesOf(toAnthropic(events)), 'anthropic'));
      const whole = anthropicMessages.writeAnswer(fold(events), contextOf({ provider: 'host', origin: 'host' }));
      expect(seen(streamed)).toEqual(seen(anthropicMessages.readAnswer(whole, originOf())));
    }
  });

  const toolLoop = {
    model: 'acme/m1',
    max_tokens: 1000,
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2; cch=1' },
      { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
    ],
    tools: [
      { name: 'look', description: 'Looks.', input_schema: { type: 'object', properties: { at: { type: 'string' } } } },
    ],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    thinking: { type: 'enabled', budget_tokens: 1024 },
    stop_sequences: ['END'],
    metadata: { user_id: 'u1' },
    messages: [
      { role: 'user', content: 'What is there?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Look.', signature: 'EqQBCkgI' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'the door' } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_1',
            content: [
              { type: 'text', text: 'a cat' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
            ],
          },
          { type: 'text', text: 'Describe it.' },
        ],
      },
    ],
  };

  it('gets the tool loop in chat form', () => {
    const { body, dropped } = openaiChat.writeRequest(anthropicMessages.readRequest(toolLoop), target());
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is there?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"the door"}' } }],
      },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'a cat' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Image from tool result toolu_1' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          { type: 'text', text: 'Describe it.' },
        ],
      },
    ]);
    expect(body).toMatchObject({
      max_tokens: 1000,
      parallel_tool_calls: false,
      reasoning_effort: 'low',
      stop: ['END'],
      tool_choice: 'auto',
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.' } }],
    });
    expect(dropped).toEqual(['cache_control', 'thinking']);
  });

  it("keeps a host's reasoning through the client and back, and no one else's", () => {
    const details = [
      { type: 'reasoning.summary', summary: 'sum', format: 'openai-responses-v1', id: 'rs_1', index: 0 },
      { type: 'reasoning.encrypted', data: 'enc', format: 'openai-responses-v1', id: 'rs_1', index: 1 },
    ];
    const message = { role: 'assistant', content: 'yes', reasoning_details: details };
    const answer = openaiChat.readAnswer({ choices: [{ index: 0, message, finish_reason: 'stop' }] }, origin());
    const { content } = anthropicMessages.writeAnswer(answer, contextOf({ provider: 'host', origin: 'host' }));
    const next = anthropicMessages.readRequest({
      model: 'm',
      max_tokens: 10,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content },
        { role: 'user', content: 'b' },
      ] as JsonObject[],
    });
    const back = openaiChat.writeRequest(next, target({ deviations: { reasoningInput: 'reasoning_details' } }));
    expect(back.body['messages']).toMatchObject([{}, { content: 'yes', reasoning_details: details }, {}]);
    const elsewhere = anthropicMessages.writeRequest(next, targetOf());
    expect(JSON.stringify(elsewhere.body)).not.toContain('sw1.');
    expect(JSON.stringify(elsewhere.body)).not.toContain('"thinking"');
  });

  it('keeps unsigned reasoning for the host that made it', () => {
    const where: Deviations = { reasoningInput: 'reasoning_content' };
    const message = { role: 'assistant', content: 'yes', reasoning_content: 'hm' };
    const answer = openaiChat.readAnswer({ choices: [{ index: 0, message, finish_reason: 'stop' }] }, origin(where));
    const { content } = anthropicMessages.writeAnswer(answer, contextOf({ provider: 'host', origin: 'host' }));
    const next = anthropicMessages.readRequest({
      model: 'm',
      max_tokens: 10,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content },
        { role: 'user', content: 'b' },
      ] as JsonObject[],
    });
    const { body } = openaiChat.writeRequest(next, target({ deviations: where }));
    expect(body['messages']).toMatchObject([{}, { content: 'yes', reasoning_content: 'hm' }, {}]);
    const other = openaiChat.writeRequest(next, target({ deviations: where, origin: 'other' }));
    expect(JSON.stringify(other.body)).not.toContain('hm');
  });
});

describe('Anthropic for a chat client', () => {
  it.each(recorded('anthropic-messages', '.stream.txt'))('streams well-formed chunks: %s', (_file, text) => {
    const all = lines(text).map((data) => ({ event: (JSON.parse(data) as { type: string }).type, data }));
    let events: StreamEvent[];
    try {
      events = readStream(anthropicMessages, all, 'anthropic');
    } catch (error) {
      // Recordings of broken streams are broken for every client.
      expect(error).toBeInstanceOf(UpstreamError);
      return;
    }
    const written = toChat(events);
    expect(payloadsOf(written).at(-1)).toBe('[DONE]');
    const chunks = payloadsOf(written)
      .slice(0, -1)
      .map((payload) => JSON.parse(payload) as { choices: JsonObject[] });
    expect(chunks[0]?.choices[0]).toMatchObject({ delta: { role: 'assistant' } });
    expect(chunks.filter((one) => typeof one.choices[0]?.['finish_reason'] === 'string')).toHaveLength(1);
    const after = fold(
      readStream(
        openaiChat,
        frames(payloadsOf(written)).map((frame) => ({ ...frame })),
      ),
    );
    const before = fold(events);
    // A refusal is explained beside Anthropic's content, and in OpenAI's refusal text.
    expect(spoken(after)).toBe(spoken(before) + (before.refusal?.explanation ?? ''));
    expect(calls(after)).toEqual(calls(before));
  });

  it('keeps a signature byte for byte through the client and back', () => {
    const signature = 'EqQBCkgIBRABGAIiQL8+/==';
    const answer: Answer = {
      upstreamId: 'msg',
      upstreamModel: 'claude',
      content: [
        { type: 'thinking', text: 'hm', signature: { origin: 'anthropic', value: signature } },
        { type: 'redacted-thinking', data: { origin: 'anthropic', value: 'EroGCkYI' } },
        { type: 'tool-call', id: 'toolu_1', name: 'f', arguments: '{"x":1}', kind: 'function' },
      ],
      stopReason: 'tool-use',
      usage: { present: true, usage: ZERO_USAGE, suspect: [] },
    };
    const [choice] = openaiChat.writeAnswer(answer, context())['choices'] as { message: JsonObject }[];
    const next = openaiChat.readRequest({
      model: 'm',
      messages: [
        { role: 'user', content: 'a' },
        choice!.message,
        { role: 'tool', tool_call_id: 'toolu_1', content: 'ok' },
      ],
    });
    const { body } = anthropicMessages.writeRequest(next, targetOf());
    expect((body['messages'] as JsonObject[])[1]).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'hm', signature },
        { type: 'redacted_thinking', data: 'EroGCkYI' },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { x: 1 } },
      ],
    });
  });
});

describe('usage between the protocols', () => {
  const count = fc.nat({ max: 100_000 });
  const usage: fc.Arbitrary<Usage> = fc
    .record({ uncachedInput: count, cacheRead: count, cacheWrite5m: count, output: count, reasoning: count })
    .map((counts) => ({ ...ZERO_USAGE, ...counts }));

  it('keeps every count: Anthropic leaves cached tokens out of the input, OpenAI counts them in', () => {
    fc.assert(
      fc.property(usage, (counts) => {
        const answer: Answer = {
          upstreamId: '',
          upstreamModel: '',
          content: [{ type: 'text', text: 'x' }],
          stopReason: 'end',
          usage: { present: true, usage: counts, suspect: [] },
        };
        const chat = openaiChat.writeAnswer(answer, context());
        const message = anthropicMessages.writeAnswer(answer, contextOf());
        expect(chat['usage']).toMatchObject({
          prompt_tokens: totalInput(counts),
          completion_tokens: totalOutput(counts),
          prompt_tokens_details: { cached_tokens: counts.cacheRead },
        });
        expect(message['usage']).toMatchObject({
          input_tokens: counts.uncachedInput,
          cache_read_input_tokens: counts.cacheRead,
          output_tokens: totalOutput(counts),
        });
        expect(openaiChat.readAnswer(chat, origin()).usage.usage).toEqual(counts);
        expect(anthropicMessages.readAnswer(message, originOf()).usage.usage).toEqual(counts);
      }),
    );
  });
});

/** All that is said aloud. */
function spoken(answer: Answer): string {
  const aloud = (block: Block) => (block.type === 'text' || block.type === 'refusal' ? block.text : '');
  return answer.content.map(aloud).join('');
}

function calls(answer: Answer) {
  return answer.content
    .filter((block) => block.type === 'tool-call')
    .map((call) => ({ name: call.name, arguments: parseToolArguments(call.arguments) }));
}
