import { attempts, planOf } from '../../../test/testing/plan-fixture.js';
import { asksReasoning, contentLengthMax } from './content-bound.js';

const [attempt] = attempts('a/m@one');
if (attempt === undefined) throw new Error('there is one attempt');
const { facts } = planOf([attempt]);
const endpoint = (changes: Partial<typeof attempt.endpoint>) => ({
  ...attempt,
  endpoint: { ...attempt.endpoint, maxOutputTokens: null, ...changes },
  model: { ...attempt.model, maxOutputTokens: null },
});

describe('how much content an answer may have', () => {
  it('is far above what the declared limit makes, for each choice', () => {
    const one = contentLengthMax({ ...facts, maxOutputTokens: 1_000 }, endpoint({}), 1);
    expect(one).toBeGreaterThan(1_000 * 5);
    expect(one).toBeLessThan(1_000 * 12);
    expect(contentLengthMax({ ...facts, maxOutputTokens: 1_000 }, endpoint({}), 3)).toBe(3 * one);
  });

  it("is the endpoint's where the request declares none, and unbounded where nobody does", () => {
    const silent = { ...facts, maxOutputTokens: null };
    const declared = contentLengthMax({ ...facts, maxOutputTokens: 500 }, endpoint({}), 1);
    expect(contentLengthMax(silent, endpoint({ maxOutputTokens: 500 }), 1)).toBe(declared);
    expect(contentLengthMax(silent, endpoint({}), 1)).toBe(Infinity);
  });

  it('leaves room for thinking that a chat host may not count, and has no bound for pictures', () => {
    const small = { ...facts, maxOutputTokens: 10 };
    const plain = contentLengthMax(small, endpoint({ supportedParameters: new Set(['tools']) }), 1);
    expect(contentLengthMax({ ...small, parameters: ['reasoning'] }, endpoint({}), 1)).toBeGreaterThan(10 * plain);
    expect(contentLengthMax(small, endpoint({ supportedParameters: new Set(['reasoning']) }), 1)).toBeGreaterThan(
      10 * plain,
    );
    expect(contentLengthMax({ ...small, outputModalities: ['text', 'image'] }, endpoint({}), 1)).toBe(Infinity);
  });

  it.each([
    [['reasoning'], true],
    [['reasoning_effort', 'tools'], true],
    [['tools'], false],
  ])('reasoning is asked for by %j: %s', (parameters, expected) => {
    expect(asksReasoning({ ...facts, parameters })).toBe(expected);
  });
});
