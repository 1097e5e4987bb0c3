import fc from 'fast-check';
import { attempts, planOf, provider } from '../../../test/testing/plan-fixture.js';
import { stage } from './testing/stage.js';
import type { Stage } from './testing/stage.js';

const chunk = (delta: object): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
const ROLE = chunk({ role: 'assistant', content: '' });
const TEXT = chunk({ content: 'x'.repeat(100) });
const TWO = attempts('a/m@one', 'a/m@two');
/** The stage's requests allow 64 tokens: this is far more. */
const RUNAWAY = ROLE + TEXT.repeat(60);

const streamed = (planned = TWO): Stage => {
  const one = stage(planned, { stream: true });
  one.dispatch.start();
  one.calls[0]?.stream();
  return one;
};
const textOf = ({ client }: Stage): string => client.text.replaceAll(/^.*"error".*$/gm, '');

describe('an upstream that writes on and on', () => {
  it('is cut with an error in the stream, no stop reason and no terminator', () => {
    const one = streamed();
    one.calls[0]?.data(RUNAWAY);
    expect(one.calls[0]?.aborted).toBe(true);
    expect(one.client.text).toContain('"finish_reason":"error"');
    expect(one.client.text).not.toMatch(/"finish_reason":"(?!error)/);
    expect(one.client.text).not.toContain('[DONE]');
    expect(one.outcomes).toMatchObject([
      { status: 'truncated', attempts: [{ endpoint: 'one', errorClass: 'invalid_answer' }] },
    ]);
    expect(one.calls).toHaveLength(1);
  });

  it('is cut at the same place, however its bytes arrive', () => {
    const whole = streamed();
    whole.calls[0]?.data(RUNAWAY);
    const delivered = textOf(whole);
    expect(delivered.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: RUNAWAY.length }), { maxLength: 6 }), (places) => {
        const one = streamed();
        const cuts = [0, ...places.sort((left, right) => left - right), RUNAWAY.length];
        cuts.forEach((to, index) => one.calls[0]?.data(RUNAWAY.slice(cuts[index - 1] ?? 0, to)));
        return textOf(one) === delivered;
      }),
      { numRuns: 500 },
    );
  });

  it('is left for the next endpoint when its very first content is too much', () => {
    const one = streamed();
    one.calls[0]?.data(chunk({ content: 'x'.repeat(100_000) }));
    expect(one.client.text).toBe('');
    expect(one.calls).toHaveLength(2);
  });

  it('may write what was asked for', () => {
    const planned = attempts('a/m@one');
    const one = stage(planned, { stream: true, plan: planOf(planned, { stream: true, maxOutputTokens: 2_000 }) });
    one.dispatch.start();
    one.calls[0]?.stream().data(RUNAWAY);
    expect(one.outcomes).toEqual([]);
    one.dispatch.clientGone();
  });
});

describe('the time-outs of an attempt', () => {
  it("are the provider's where it has its own", () => {
    const [first] = TWO;
    if (first === undefined) throw new Error('there are two');
    const hasty = provider('one', { timeouts: { firstEventMs: 1_000, idleMs: 500, totalMs: 3_000 } });
    const planned = [{ ...first, endpoint: { ...first.endpoint, provider: hasty } }, ...TWO.slice(1)];
    const late = streamed(planned);
    late.pass(1_200);
    expect(late.calls).toHaveLength(2);
    const silent = streamed(planned);
    silent.calls[0]?.data(ROLE + TEXT);
    silent.pass(700);
    expect(silent.outcomes).toMatchObject([{ status: 'truncated', attempts: [{ errorClass: 'timeout' }] }]);
    const slow = stage(planned);
    slow.dispatch.start();
    slow.pass(3_200);
    expect(slow.calls).toHaveLength(2);
  });

  it('do not run while the client does not read', () => {
    const one = streamed();
    one.client.full = true;
    one.calls[0]?.data(ROLE + TEXT);
    expect(one.calls[0]?.paused).toBe(true);
    // Beyond the silence that is allowed, within what a client may take.
    one.pass(7_000);
    expect(one.outcomes).toEqual([]);
    one.client.drain();
    one.pass(4_500);
    expect(one.outcomes).toEqual([]);
    one.pass(1_000);
    expect(one.outcomes).toMatchObject([{ status: 'truncated', attempts: [{ errorClass: 'timeout' }] }]);
  });
});

describe('the wording of a refusal', () => {
  it('passes without the credential that the request was signed in with', () => {
    const [first] = attempts('a/m@one');
    if (first === undefined) throw new Error('there is one');
    const credentials = [{ id: 'main', apiKey: 'canary-0123456789abcdef', weight: 1 }];
    const headers = { 'x-api-token': 'another-canary-98765', 'x-title': 'a title of some length' };
    const one = stage([
      { ...first, endpoint: { ...first.endpoint, provider: provider('one', { credentials, headers }) } },
    ]);
    one.dispatch.start();
    const message = 'temperature of canary-0123456789abcdef with another-canary-98765 in a title of some length';
    one.calls[0]?.json(400, { error: { message, type: 'invalid_request_error' } });
    expect(one.errors.map((error) => error.message)).toEqual([
      'temperature of [secret] with [secret] in a title of some length',
    ]);
  });

  it('is that of the error where a good status came with an error instead of a stream', () => {
    const other = stage(attempts('a/m@one'), { stream: true });
    other.dispatch.start();
    other.calls[0]?.json(200, { error: { message: 'Slow down', type: 'rate_limit_error', code: 429 } });
    expect(other.errors.map(({ code }) => code)).toEqual(['rate_limited']);
  });
});
