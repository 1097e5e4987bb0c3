import { readFileSync, readdirSync } from 'node:fs';
import { UpstreamError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { fold } from '@switchyard/conversation';
import type { Answer, Conversation, StreamEvent } from '@switchyard/conversation';
import { contextOf, eventsIn, eventsOf, originOf, targetOf } from './__fixtures__/kit.js';
import { anthropicMessages } from './index.js';

const FOLDER = new URL('./__fixtures__/', import.meta.url);

/** The table: which cases each direction has. A fixture without a cell, or a cell without a fixture, fails. */
const CELLS = {
  request: ['ai-sdk-thinking', 'aisa-page', 'anthropic-sdk', 'claude-code', 'full', 'langchain', 'naga-page'],
  conversation: ['agent-loop'],
  answer: [
    'fallback',
    'redacted-thinking',
    'refusal',
    'refusal-no-details',
    'text',
    'thinking',
    'tool-no-args',
    'web-search',
  ],
  stream: [
    'duplicate-message-start',
    'fallback',
    'input-tokens-rise',
    'redacted-thinking',
    'refusal',
    'server-blocks',
    'spliced-message-start',
    'text',
    'thinking',
    'tool-call',
    'tool-no-args',
    'web-search',
  ],
  neutral: ['foreign', 'foreign-refusal', 'unsigned-thinking'],
} as const;
type Direction = keyof typeof CELLS;

const SUFFIX: Readonly<Record<Direction, string>> = {
  request: 'request.json',
  conversation: 'conversation.json',
  answer: 'answer.json',
  stream: 'stream.txt',
  neutral: 'neutral.json',
};

const CONTEXT = contextOf({
  costFields: () => ({ cost: 0.5, cost_details: { upstream_inference_cost: 0.5 } }),
  routing: () => ({ endpoint: 'anthropic' }),
});

const RUN: Readonly<Record<Direction, (text: string) => unknown>> = {
  request: (text) => {
    const body = parse(text);
    return { facts: anthropicMessages.readFacts(body), conversation: anthropicMessages.readRequest(body) };
  },
  conversation: (text) => {
    const target = targetOf({ traits: { jsonSchema: true } });
    const written = anthropicMessages.writeRequest(parse(text) as unknown as Conversation, target);
    return { ...written, renamed: Object.fromEntries(written.renamed) };
  },
  answer: (text) => {
    const body = parse(text);
    const { edits, summary } = anthropicMessages.passAnswer(body, originOf(), CONTEXT);
    const answer = anthropicMessages.readAnswer(body, originOf());
    return { answer, pass: { edits: Object.fromEntries(edits), summary } };
  },
  stream: (text) => {
    const frames = text
      .trim()
      .split('\n')
      .map((data) => ({ event: null, data }));
    const reader = anthropicMessages.streamReader(originOf());
    const tap = anthropicMessages.streamTap(originOf(), CONTEXT);
    return {
      answer: outcome(() => {
        const events: StreamEvent[] = frames.flatMap((frame) => [...reader.read(frame)]);
        return fold([...events, ...reader.end()]);
      }),
      passed: outcome(() => (frames.map((frame) => tap.pass(frame)).join('') + tap.end()).split('\n')),
      progress: tap.progress,
    };
  },
  neutral: (text) => {
    const answer = parse(text) as unknown as Answer;
    const writer = anthropicMessages.streamWriter(CONTEXT);
    return {
      json: anthropicMessages.writeAnswer(answer, CONTEXT),
      stream: eventsIn(
        eventsOf(answer)
          .map((event) => writer.write(event))
          .join(''),
      ),
    };
  },
};

describe('golden answers of the Anthropic dialect', () => {
  const cells = Object.entries(CELLS).flatMap(([direction, cases]) =>
    cases.map((name): [Direction, string] => [direction as Direction, name]),
  );

  it.each(cells)('%s: %s comes out as written down', (direction, name) => {
    const input = readFileSync(new URL(`${name}.${SUFFIX[direction]}`, FOLDER), 'utf8');
    const expected = parse(readFileSync(new URL(`${name}.${direction}.expected.json`, FOLDER), 'utf8'));
    expect(JSON.parse(JSON.stringify(RUN[direction](input)))).toEqual(expected);
  });

  it('has a cell for every fixture and a fixture for every cell', () => {
    const inTable = cells.flatMap(([direction, name]) => [
      `${name}.${SUFFIX[direction]}`,
      `${name}.${direction}.expected.json`,
    ]);
    const onDisk = readdirSync(FOLDER).filter((file) => !/\.(ts|md)$/.test(file));
    expect(onDisk.sort()).toEqual(inTable.sort());
  });
});

/** The value, or the class of the failure in its place. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof UpstreamError) return { failure: error.failure };
    throw error;
  }
}

function parse(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}
