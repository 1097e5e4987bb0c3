import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { JsonObject } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import { context, frames, origin, readAll, target } from './dialect.fixture.js';
import type { TargetChanges } from './dialect.fixture.js';
import { openaiChat } from './index.js';

/**
 * Golden files. `__fixtures__/<case>.<form>` is what comes in, `__fixtures__/golden/<case>.<form>.<direction>` what goes
 * out; which cells there are follows from the files, so a new fixture without its golden files fails.
 * Recorded answers: vercel/ai (Apache-2.0), `packages/*\/src/**\/__fixtures__`, shortened.
 */
const FIXTURES = new URL('__fixtures__/', import.meta.url);
const GOLDEN = new URL('__fixtures__/golden/', import.meta.url);

/** Hosts as the provider profiles describe them, as far as a request shows it. */
const TARGETS: Readonly<Record<string, TargetChanges>> = {
  plain: {},
  openai: {
    deviations: { endUserField: 'safety_identifier' },
    traits: {
      maxCompletionTokens: true,
      developerRole: true,
      sampling: false,
      stop: false,
      efforts: ['minimal', 'low', 'medium', 'high'],
    },
    endpoint: { supportedParameters: new Set(['web_search_options', 'reasoning_effort']) },
  },
  deepseek: {
    deviations: {
      reasoningRequest: 'thinking',
      reasoningInput: 'reasoning_content',
      reasoningInputRequired: true,
      jsonSchema: false,
      prefill: 'prefix',
    },
  },
  mistral: {
    deviations: {
      midSystem: 'fold',
      streamUsage: 'always',
      requiredToolChoice: 'any',
      toolIds: 'alnum9',
      seedField: 'random_seed',
      prefill: 'prefix',
      userAfterTool: 'merge',
      reasoningRequest: 'none',
      rejects: ['user', 'service_tier'],
    },
  },
  openrouter: {
    deviations: {
      accepts: ['top_k'],
      reasoningRequest: 'reasoning',
      reasoningInput: 'reasoning_details',
      cacheControl: true,
      temperatureMin: 0.01,
    },
    model: { id: 'anthropic/claude-sonnet-4.5' },
  },
  alibaba: {
    deviations: { reasoningRequest: 'enable_thinking', imageUrls: false, stopMax: 2, prefill: 'partial' },
    traits: { prefill: false },
  },
};

const STREAM_DIRECTIONS = ['events.json', 'client.txt', 'tap.txt'];
const ANSWER_DIRECTIONS = ['neutral.json', 'client.json'];
const REQUEST_DIRECTIONS = ['neutral.json', 'facts.json'];
const CONVERSATION_DIRECTIONS = Object.keys(TARGETS).map((name) => `${name}.json`);

const CELLS = readdirSync(FIXTURES)
  .filter((file) => file !== 'golden')
  .flatMap((file) => {
    const [name = '', form = ''] = file.split('.');
    const directions: Readonly<Record<string, readonly string[]>> = {
      stream: STREAM_DIRECTIONS,
      answer: ANSWER_DIRECTIONS,
      request: REQUEST_DIRECTIONS,
      conversation: CONVERSATION_DIRECTIONS,
    };
    return (directions[form] ?? []).map((direction) => ({
      file,
      form,
      direction,
      golden: `${name}.${form}.${direction}`,
    }));
  });

/** What the code makes of a fixture, as the text of the golden file. */
function produce(file: string, form: string, direction: string): string {
  const text = readFileSync(new URL(file, FIXTURES), 'utf8');
  if (form === 'stream') return produceStream(text, direction);
  const body = JSON.parse(text) as JsonObject;
  if (form === 'conversation') {
    const written = openaiChat.writeRequest(
      body as unknown as Conversation,
      target(TARGETS[direction.replace('.json', '')] ?? {}),
    );
    return pretty({ ...written, renamed: Object.fromEntries(written.renamed) });
  }
  if (form === 'request')
    return pretty(direction === 'facts.json' ? openaiChat.readFacts(body) : openaiChat.readRequest(body));
  const answer = openaiChat.readAnswer(body, origin());
  return pretty(direction === 'neutral.json' ? answer : openaiChat.writeAnswer(answer, context()));
}

function produceStream(text: string, direction: string): string {
  const all = frames([...text.split('\n').filter((line) => line !== '' && line !== '[DONE]'), '[DONE]']);
  if (direction === 'tap.txt') {
    const tap = openaiChat.streamTap(origin(), context());
    return all.map((frame) => tap.pass(frame)).join('') + tap.end();
  }
  const events = readAll(openaiChat.streamReader(origin()), all);
  if (direction === 'events.json') return `${events.map((event) => JSON.stringify(event)).join('\n')}\n`;
  const writer = openaiChat.streamWriter(context());
  return events.map((event) => writer.write(event)).join('');
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

describe('golden files', () => {
  it('has a golden file for every fixture and direction, and no other', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(CELLS.map((cell) => cell.golden).sort());
  });

  it.each(CELLS)('$file gives $golden', ({ file, form, direction, golden }) => {
    const path = new URL(golden, GOLDEN);
    expect(existsSync(path)).toBe(true);
    expect(produce(file, form, direction)).toBe(readFileSync(path, 'utf8'));
  });
});
