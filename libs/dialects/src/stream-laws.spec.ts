import fc from 'fast-check';
import { UpstreamError, ZERO_USAGE, totalInput, totalOutput } from '@switchyard/contract';
import type { DialectId, Usage } from '@switchyard/contract';
import { NO_USAGE, fold, parseToolArguments } from '@switchyard/conversation';
import type { Answer, StreamEvent } from '@switchyard/conversation';
import type { StreamTap } from './dialect.js';
import { checkGrammar, context, origin } from './openai-chat/dialect.fixture.js';
import { dialectOf } from './registry.js';
import { streamRelay } from './relay/stream-relay.js';
import { SseScanner } from './sse/scanner.js';

const RUNS = 10_000;
/** Where nothing is translated. */
const PASSED_RUNS = 1_000;
const DIALECTS: readonly DialectId[] = ['anthropic-messages', 'openai-chat'];
const PAIRS = DIALECTS.flatMap((client) => DIALECTS.map((upstream) => [client, upstream] as const));
const TERMINATORS = { 'anthropic-messages': 'event: message_stop', 'openai-chat': 'data: [DONE]' } as const;
const ORIGIN = origin({ thinkTags: false });

const pieces = fc.array(fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }), { minLength: 1, maxLength: 3 });
const textBlock = pieces.map((texts): StreamEvent[] => [
  { type: 'text-start' },
  ...texts.map((text) => ({ type: 'text-delta' as const, text })),
  { type: 'block-end' },
]);
const thinkingBlock = pieces.map((texts): StreamEvent[] => [
  { type: 'thinking-start' },
  ...texts.map((text) => ({ type: 'thinking-delta' as const, text })),
  { type: 'block-end' },
]);
const callBlock = fc
  .tuple(fc.uuid(), fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }), { maxKeys: 2 }), fc.nat())
  .map(([id, value, place]): StreamEvent[] => {
    const json = JSON.stringify(value);
    const at = place % json.length;
    const parts = [json.slice(0, at), json.slice(at)].filter((part) => part !== '');
    return [
      { type: 'tool-call-start', id, name: 'look_up', kind: 'function' },
      ...parts.map((part) => ({ type: 'tool-call-delta' as const, arguments: part })),
      { type: 'block-end' },
    ];
  });
const count = fc.nat({ max: 100_000 });
const anyUsage: fc.Arbitrary<Usage> = fc
  .record({ uncachedInput: count, cacheRead: count, output: count })
  .map((counts) => ({ ...ZERO_USAGE, ...counts }));
/** Blocks in the order in which both protocols have room for them. */
const anyAnswer = fc
  .tuple(fc.option(thinkingBlock, { nil: [] }), textBlock, fc.array(callBlock, { maxLength: 2 }), anyUsage)
  .map(([thinking, said, calls, usage]): StreamEvent[] => [
    { type: 'message-start', upstreamId: 'up', upstreamModel: 'm', usage: NO_USAGE },
    ...thinking,
    ...said,
    ...calls.flat(),
    { type: 'message-delta', stopReason: calls.length > 0 ? 'tool-use' : 'end' },
    { type: 'message-end', usage: { present: true, usage, suspect: [] } },
  ]);

/** What an upstream of a dialect sends for an answer. */
function sentBy(upstream: DialectId, events: readonly StreamEvent[]): Buffer {
  const writer = dialectOf(upstream).streamWriter(context());
  return Buffer.from(events.map((event) => writer.write(event)).join(''));
}

/** What the client gets of bytes, and whether the end was taken for one. */
function relayed(relay: StreamTap, bytes: Buffer): { text: string; isWhole: boolean } {
  const scanner = new SseScanner();
  let text = '';
  try {
    for (const frame of [...scanner.push(bytes), ...scanner.end()]) text += relay.pass(frame);
    if (!relay.progress.done) text += relay.end();
    return { text, isWhole: true };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { text, isWhole: false };
  }
}

/** The events that a client reads out of its stream, as far as it goes. */
function readBy(client: DialectId, text: string): StreamEvent[] {
  const scanner = new SseScanner();
  const reader = dialectOf(client).streamReader(ORIGIN);
  return [...scanner.push(Buffer.from(text)), ...scanner.end()].flatMap((frame) => reader.read(frame));
}

const spoken = ({ content }: Answer): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');
const calls = ({ content }: Answer): unknown[] =>
  content
    .filter((block) => block.type === 'tool-call')
    .map(({ name, arguments: json }) => [name, parseToolArguments(json)]);

/** Everything that is to survive a way through both protocols; compared as text, which is far quicker than by matchers. */
const meaning = (answer: Answer): string =>
  JSON.stringify([spoken(answer), calls(answer), totalInput(answer.usage.usage), totalOutput(answer.usage.usage)]);

describe.each(PAIRS)('a stream for a %s client from a %s upstream', (client, upstream) => {
  const relay = (): StreamTap => streamRelay(dialectOf(client), dialectOf(upstream), ORIGIN, context());

  it('keeps text, calls and counts, and cut at any byte is well-formed as far as it goes, with an end only where one was seen', () => {
    fc.assert(
      fc.property(anyAnswer, fc.double({ min: 0, max: 1, noNaN: true }), (events, share) => {
        const bytes = sentBy(upstream, events);
        const whole = relayed(relay(), bytes);
        const read = readBy(client, whole.text);
        checkGrammar(read);
        const cut = relayed(relay(), bytes.subarray(0, Math.floor(bytes.length * share)));
        checkGrammar(readBy(client, cut.text));
        const isHonest = [whole, cut].every(({ text, isWhole }) => text.includes(TERMINATORS[client]) === isWhole);
        return isHonest && whole.isWhole && meaning(fold(read)) === meaning(fold(events));
      }),
      { numRuns: client === upstream ? PASSED_RUNS : RUNS },
    );
  });
});

it('lets no text of an upstream forge an event, whatever its stream is', () => {
  const word = fc.constantFrom(
    'data: ',
    'event: ',
    'message_stop',
    '[DONE]',
    '{"type":"',
    '"}',
    '\n',
    '\r',
    '\\n',
    ' x',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (words) => {
      const tap = streamRelay(dialectOf('anthropic-messages'), dialectOf('anthropic-messages'), ORIGIN, context());
      const { text, isWhole } = relayed(tap, Buffer.from(words.join('')));
      return !isWhole && !/^event: message_stop$/m.test(text);
    }),
    { numRuns: RUNS },
  );
});
