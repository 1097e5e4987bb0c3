import { readFileSync } from 'node:fs';
import { GatewayError, UpstreamError, ZERO_USAGE } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { fold, parseToolArguments } from '@switchyard/conversation';
import type { Answer, Block, Citation, StopReason, StreamEvent } from '@switchyard/conversation';
import fc from 'fast-check';
import { contextOf, eventsIn, eventsOf, originOf, parseFrames, targetOf } from './__fixtures__/kit.js';
import { anthropicMessages as dialect } from './index.js';

const CONTEXT = contextOf();
const ORIGIN = originOf({ shape: { customTools: ['patch'] } });

const words = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const json = fc.jsonValue({ maxDepth: 2 });
const signature = fc.record({
  origin: fc.constantFrom('anthropic', 'openrouter', 'z.ai'),
  value: fc.stringMatching(/^[A-Za-z0-9+/=]{1,20}$/),
});
const citation: fc.Arbitrary<Citation> = fc
  .tuple(
    fc.constantFrom<[string, Citation['kind']]>(
      ['web_search_result_location', 'web'],
      ['char_location', 'char'],
      ['constructor', 'unknown'],
    ),
    words,
  )
  .map(([[type, kind], citedText]) => ({
    kind,
    citedText,
    raw: { dialect: 'anthropic-messages', value: { type, cited_text: citedText } },
  }));

/** Blocks as an answer may have them, in the form that reading gives them. */
const block: fc.Arbitrary<Block> = fc.oneof(
  words.map((text): Block => ({ type: 'text', text })),
  fc
    .tuple(words, fc.array(citation, { minLength: 1, maxLength: 2 }))
    .map(([text, citations]): Block => ({ type: 'text', text, citations })),
  fc.tuple(words, signature).map(([text, proof]): Block => ({ type: 'thinking', text, signature: proof })),
  signature.map((data): Block => ({ type: 'redacted-thinking', data })),
  fc.tuple(words, fc.dictionary(words, json, { maxKeys: 3 })).map(([id, input]): Block => ({
    type: 'tool-call',
    id,
    name: 'f',
    arguments: JSON.stringify(input),
    kind: 'function',
  })),
  fc
    .tuple(words, words)
    .map(([id, text]): Block => ({ type: 'tool-call', id, name: 'patch', arguments: text, kind: 'custom' })),
  words.map((data): Block => ({ type: 'image', source: { kind: 'base64', mediaType: 'image/x', data } })),
  fc.dictionary(fc.constantFrom('id', 'name', 'content'), json).map((fields): Block => ({
    type: 'opaque',
    dialect: 'anthropic-messages',
    name: 'server_thing',
    raw: { type: 'server_thing', ...(fields as JsonObject) },
  })),
);

const count = fc.nat({ max: 1_000_000 });
const answers: fc.Arbitrary<Answer> = fc
  .record({
    content: fc.array(block, { minLength: 1, maxLength: 5 }),
    reason: fc.constantFrom<StopReason>('end', 'max-tokens', 'pause', 'refusal', 'context-window', 'stop-sequence'),
    counts: fc.record({
      uncachedInput: count,
      cacheRead: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      output: count,
      reasoning: count,
      webSearches: count,
    }),
    serviceTier: fc.constantFrom('default', 'priority'),
  })
  .map(({ content, reason, counts, serviceTier }) => ({
    upstreamId: 'msg_gen1',
    upstreamModel: 'acme/m1',
    content,
    stopReason: reason === 'end' && content.some((part) => part.type === 'tool-call') ? 'tool-use' : reason,
    usage: { present: true, usage: { ...ZERO_USAGE, ...counts }, suspect: [] },
    serviceTier,
  }));

function writeStream(events: readonly StreamEvent[]): string {
  const writer = dialect.streamWriter(CONTEXT);
  return events.map((event) => writer.write(event)).join('');
}

function readStream(text: string): Answer {
  const reader = dialect.streamReader(ORIGIN);
  return fold([...parseFrames(text).flatMap((frame) => [...reader.read(frame)]), ...reader.end()]);
}

/** Arguments compare as JSON: a stream carries the text that was generated, a JSON answer carries what it means. */
function withParsedArguments(answer: Answer): unknown {
  const content = answer.content.map((part) =>
    part.type === 'tool-call' && part.kind === 'function'
      ? { ...part, arguments: parseToolArguments(part.arguments) }
      : part,
  );
  return JSON.parse(JSON.stringify({ ...answer, content }));
}

describe('laws of the Anthropic dialect', () => {
  it('a streamed answer, written and read, folds to itself', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        expect(withParsedArguments(readStream(writeStream(eventsOf(answer))))).toEqual(withParsedArguments(answer));
      }),
      { numRuns: 300 },
    );
  });

  it('a JSON answer, written and read, is itself, with the usage of the streamed one', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const read = dialect.readAnswer(dialect.writeAnswer(answer, CONTEXT), ORIGIN);
        expect(withParsedArguments(read)).toEqual(withParsedArguments(answer));
        expect(read.usage).toEqual(readStream(writeStream(eventsOf(answer))).usage);
      }),
      { numRuns: 300 },
    );
  });

  it('the answer made of a folded stream is the fold of the stream made of it', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const folded = fold(eventsOf(answer));
        const whole = dialect.readAnswer(dialect.writeAnswer(folded, CONTEXT), ORIGIN);
        expect(withParsedArguments(readStream(writeStream(eventsOf(answer))))).toEqual(withParsedArguments(whole));
      }),
      { numRuns: 300 },
    );
  });

  it('a written stream passes its own tap unchanged', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const text = writeStream(eventsOf(answer));
        const tap = dialect.streamTap(ORIGIN, CONTEXT);
        expect(
          parseFrames(text)
            .map((frame) => tap.pass(frame))
            .join('') + tap.end(),
        ).toBe(text);
        expect(tap.progress).toMatchObject({ done: true, stopReason: answer.stopReason, usage: answer.usage });
      }),
      { numRuns: 300 },
    );
  });

  it('whatever is written is a stream of the protocol, also when it is cut or its events come in odd order', () => {
    const events = answers.map(eventsOf);
    const odd: fc.Arbitrary<StreamEvent> = fc.constantFrom<StreamEvent[]>(
      { type: 'ping' },
      { type: 'text-start' },
      { type: 'text-delta', text: '' },
      { type: 'block-end' },
      { type: 'logprobs', value: null },
    );
    fc.assert(
      fc.property(events, fc.nat(), fc.array(odd, { maxLength: 3 }), (all, cut, extra) => {
        const part = all.slice(0, 1 + (cut % all.length));
        const isWhole = part.length === all.length;
        const written = eventsIn(
          writeStream(isWhole ? part : [...part, { type: 'block-end' }, ...extra, { type: 'block-end' }]),
        );
        expect(grammarFault(written, isWhole)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('a request on the mappable subset, read and written, is itself', () => {
    fc.assert(
      fc.property(requests, (body) => {
        const written = dialect.writeRequest(dialect.readRequest(body), targetOf());
        expect(JSON.parse(JSON.stringify(written.body))).toEqual(body);
        expect(written.dropped).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('the readers of requests throw nothing but errors for the caller', () => {
    fc.assert(
      fc.property(mutated('full.request.json'), (body) => {
        expectOnly(GatewayError, () => dialect.readFacts(body));
        dialect.readRequest(body);
        dialect.passRequest(body, targetOf());
      }),
      { numRuns: 500 },
    );
  });

  it('a request that was read can be written', () => {
    fc.assert(
      fc.property(mutated('full.request.json'), (body) => {
        expectOnly(UpstreamError, () => dialect.writeRequest(dialect.readRequest(body), targetOf()));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['web-search.answer.json', 'redacted-thinking.answer.json', 'refusal.answer.json'])(
    'the readers of answers throw nothing but upstream errors: %s',
    (name) => {
      fc.assert(
        fc.property(mutated(name), (body) => {
          expectOnly(UpstreamError, () => dialect.readAnswer(body, ORIGIN));
          expectOnly(UpstreamError, () => dialect.passAnswer(body, ORIGIN, CONTEXT));
        }),
      );
    },
  );

  it.each(['web-search.stream.txt', 'redacted-thinking.stream.txt', 'tool-call.stream.txt'])(
    'the readers of streams throw nothing but upstream errors: %s',
    (name) => {
      const lines = fixture(name).trim().split('\n');
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.nat(), json, (at, from, path, value) => {
          const events = lines.map((line) => JSON.parse(line) as JsonObject);
          const index = at % events.length;
          const event = events[index] ?? {};
          events[index] = replaceAt(event, path, value) as JsonObject;
          events.splice(from % events.length, from % 3 === 0 ? 1 : 0);
          for (const reader of [dialect.streamReader(ORIGIN), dialect.streamTap(ORIGIN, CONTEXT)]) {
            expectOnly(UpstreamError, () => {
              for (const data of events) {
                const frame = { event: null, data: JSON.stringify(data) };
                if ('read' in reader) reader.read(frame);
                else reader.pass(frame);
              }
              reader.end();
            });
          }
        }),
        { numRuns: 300 },
      );
    },
  );
});

/** Bodies of which every part has a word in a conversation and is written one way only. */
const markers = fc.constantFrom<JsonObject>({}, { cache_control: { type: 'ephemeral' } });
const solid = words.filter((text) => text.trim() !== '').map((text) => `${text}.`);
const textBlock = fc.tuple(solid, markers).map(([text, marker]): JsonObject => ({ type: 'text', text, ...marker }));
const imageBlock = fc.constantFrom<JsonObject>(
  { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/4AAQ' } },
  { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
  {
    type: 'document',
    source: { type: 'text', media_type: 'text/plain', data: 'd' },
    title: 't',
    citations: { enabled: true },
  },
);
const toolTurn = fc.tuple(fc.dictionary(solid, json, { maxKeys: 2 }), fc.boolean(), textBlock);
const requests: fc.Arbitrary<JsonObject> = fc
  .record({
    system: fc.array(textBlock, { minLength: 1, maxLength: 1 }),
    opening: fc.tuple(textBlock, imageBlock),
    turns: fc.array(toolTurn, { maxLength: 3 }),
    optional: fc.record(
      {
        temperature: fc.double({ min: 0, max: 1, noNaN: true }),
        top_k: fc.nat({ max: 100 }),
        stop_sequences: fc.array(solid, { minLength: 1, maxLength: 3 }),
        metadata: fc.record({ user_id: solid }),
        service_tier: fc.constantFrom('auto', 'standard_only'),
        output_config: fc.constant({
          format: { type: 'json_schema', schema: { type: 'object', properties: {}, additionalProperties: false } },
        }),
        stream: fc.constant(true),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ system, opening, turns, optional }): JsonObject => {
    const messages: JsonObject[] = [{ role: 'user', content: opening }];
    turns.forEach(([input, failed, text], index) => {
      const id = `toolu_${String(index)}`;
      messages.push({
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 't', signature: 'Eq==' },
          { type: 'tool_use', id, name: 'f', input: input as JsonObject },
        ],
      });
      const plain = { type: 'text', text: text['text'] };
      messages.push({
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: id, content: [plain], ...(failed && { is_error: true }) }, plain],
      });
    });
    const tools = [
      { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } },
      { type: 'bash_20250124', name: 'bash' },
    ];
    return JSON.parse(
      JSON.stringify({
        model: 'acme-m1-20260101',
        max_tokens: 100,
        system,
        messages,
        tools,
        tool_choice: { type: 'auto', disable_parallel_tool_use: true },
        ...optional,
      }),
    ) as JsonObject;
  });

/** A fixture with the value at one place replaced. */
function mutated(name: string): fc.Arbitrary<JsonObject> {
  const original = JSON.parse(fixture(name)) as JsonObject;
  return fc.tuple(fc.nat(), json).map(([path, value]) => {
    const result = replaceAt(original, path, value);
    return typeof result === 'object' && result !== null && !Array.isArray(result) ? (result as JsonObject) : {};
  });
}

function fixture(name: string): string {
  return readFileSync(new URL(`./__fixtures__/${name}`, import.meta.url), 'utf8');
}

/** A copy of a value with the n-th place inside it replaced. */
function replaceAt(root: JsonValue, n: number, value: unknown): JsonValue {
  const places: [Record<string, unknown>, string][] = [];
  const copy = JSON.parse(JSON.stringify(root)) as JsonValue;
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  const place = places[n % Math.max(1, places.length)];
  if (place) place[0][place[1]] = value;
  return copy;
}

function expectOnly(kind: typeof GatewayError | typeof UpstreamError, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(kind);
  }
}

/** What is wrong with a sequence of events by Anthropic's grammar; null = nothing. */
function grammarFault(events: readonly JsonObject[], isWhole: boolean): string | null {
  const types = events.map((event) => event['type'] as string).filter((type) => type !== 'ping');
  if (types[0] !== 'message_start') return 'no message_start';
  let open = -1;
  let next = 0;
  for (const event of events) {
    const { type, index } = event;
    if (type === 'content_block_start') {
      if (open >= 0) return 'a block inside a block';
      if (index !== next) return 'a gap in the indices';
      open = next++;
    }
    if (type === 'content_block_delta' && index !== open) return 'a delta outside of its block';
    if (type === 'content_block_stop') {
      if (index !== open) return 'a stop of no block';
      open = -1;
    }
  }
  if (open >= 0) return 'a block left open';
  return isWhole && types.slice(-2).join() !== 'message_delta,message_stop' ? 'no end' : null;
}
