import { readFileSync, readdirSync } from 'node:fs';
import { ZERO_USAGE, isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { costOf } from '@switchyard/metering';
import { carry } from './carriers.js';
import type { GoldenCase, Shape } from './golden-case.js';
import { ISSUE_CASES } from './issue-cases.js';
import { PROVIDER_CASES } from './provider-cases.js';
import { readAnswer, readStream, waysOf } from './read-as-gateway.js';
import type { Readings } from './read-as-gateway.js';
import { RECORDED_CASES } from './recorded-cases.js';

const FIXTURES = new URL('fixtures/', import.meta.url);

/** What a record says of usage and money, by the way in which the usage was read. */
function records(readings: Readings, { price, priceTiers = [] }: Pick<GoldenCase, 'price' | 'priceTiers'>) {
  return Object.fromEntries(
    Object.entries(readings).map(([way, judged]) => {
      const { nanoUsd, incomplete } = costOf(judged.usage, { price, priceTiers });
      return [way, { ...judged, nanoUsd, incomplete }];
    }),
  );
}

/** The same record by every way there is for a shape. */
const everyWay = (shape: Shape, golden: Pick<GoldenCase, 'usage' | 'nanoUsd' | 'suspect'>) =>
  Object.fromEntries(waysOf(shape).map((way) => [way, recordOf(golden)]));

const recordOf = ({ usage, nanoUsd, suspect = [] }: Pick<GoldenCase, 'usage' | 'nanoUsd' | 'suspect'>) => ({
  usage: { ...ZERO_USAGE, ...usage },
  source: 'upstream',
  suspect,
  nanoUsd,
  incomplete: false,
});

const payload = (line: string): JsonObject => {
  const json = parseJson(line);
  if (!isJsonObject(json)) throw new Error(`not an object: ${line}`);
  return json;
};

describe.each([...ISSUE_CASES, ...PROVIDER_CASES].map((golden) => [golden.title, golden] as const))(
  '%s',
  (_title, golden) => {
    const { answer, streams } = carry(golden.shape, golden.reported);
    const host = golden.host ?? 'host';
    const expected = everyWay(golden.shape, golden);

    it('in a whole answer', () => {
      expect(records(readAnswer(golden.shape, host, answer), golden)).toEqual(expected);
    });

    it.each(Object.entries(streams))('in a stream, with the usage in %s', (_where, payloads) => {
      expect(records(readStream(golden.shape, host, payloads), golden)).toEqual(expected);
    });
  },
);

describe('a recorded answer', () => {
  it.each(RECORDED_CASES.map((golden) => [golden.file, golden] as const))(
    'has its counts and its cost: %s',
    (file, golden) => {
      const text = readFileSync(new URL(file, FIXTURES), 'utf8');
      const readings = file.endsWith('.json')
        ? readAnswer(golden.shape, golden.host, payload(text))
        : readStream(golden.shape, golden.host, text.split('\n').filter(Boolean).map(payload));
      expect(records(readings, golden)).toEqual(everyWay(golden.shape, golden));
    },
  );

  it('is never left without an expectation', () => {
    const files = readdirSync(FIXTURES).filter((file) => file !== 'README.md');
    expect(RECORDED_CASES.map(({ file }) => file).sort()).toEqual(files.sort());
  });
});

describe('the golden table', () => {
  it('has every shape, and the sums that gateways got wrong in public', () => {
    const shapes = new Set([...ISSUE_CASES, ...PROVIDER_CASES].map(({ shape }) => shape));
    expect([...shapes].sort()).toEqual(
      ['anthropic-messages', 'bedrock-converse', 'gemini', 'openai-chat', 'openai-responses'].sort(),
    );
    const issues = ['litellm#11364', 'litellm#9812', 'litellm#11789', 'litellm#16341', 'bifrost#904', 'new-api#6144'];
    expect(issues.filter((issue) => !ISSUE_CASES.some(({ title }) => title.includes(issue)))).toEqual([]);
    expect(
      ISSUE_CASES.filter(({ wrongNanoUsd, nanoUsd }) => wrongNanoUsd === undefined || wrongNanoUsd === nanoUsd),
    ).toEqual([]);
  });
});
