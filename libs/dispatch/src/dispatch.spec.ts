import { GatewayError, UpstreamError } from '@switchyard/contract';
import type { FailureClass } from '@switchyard/contract';
import { mergePolicy } from '@switchyard/routing';
import { attempts, provider } from '../../../test/testing/plan-fixture.js';
import { ANSWER, DONE, FINISH, ROLE, textOf } from './testing/sse.js';
import { TIMEOUTS, stage } from './testing/stage.js';

const TEXT = textOf('Hello');
const TWO = attempts('a/m@one', 'a/m@two');
const broken = (failure: FailureClass): UpstreamError =>
  new UpstreamError({ class: failure, status: null, message: 'broke' });

describe('a whole answer', () => {
  it('goes to the client with who served it, settled before it is sent', () => {
    const { dispatch, calls, client, outcomes } = stage(TWO);
    dispatch.start();
    calls[0]?.json(200, ANSWER);
    expect(client.log).toEqual(['send 200']);
    expect(client.headers).toMatchObject({
      'x-switchyard-model': 'a/m',
      'x-switchyard-provider': 'one',
      'x-switchyard-attempts': '1',
    });
    expect(JSON.parse(client.text)).toMatchObject({ model: 'a/m', usage: { prompt_tokens: 5, cost: 7 } });
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({
      status: 'completed',
      usageSource: 'upstream',
      cost: { nanoUsd: 7 },
      upstreamId: 'chatcmpl-up',
    });
  });

  it('comes from the next endpoint when the first fails, and says so', () => {
    const { dispatch, calls, client, outcomes } = stage(TWO);
    dispatch.start();
    calls[0]?.json(500, { error: { message: 'oops' } });
    calls[1]?.json(200, ANSWER);
    expect(client.headers).toMatchObject({ 'x-switchyard-provider': 'two', 'x-switchyard-attempts': '2' });
    expect(outcomes[0]?.attempts).toMatchObject([
      { provider: 'one', status: 500, errorClass: 'server' },
      { provider: 'two', status: 200, errorClass: null },
    ]);
  });

  it('is waited for within its own bound, so that a fallback can follow', () => {
    const { dispatch, calls, client, pass } = stage(TWO);
    dispatch.start();
    pass(15_200);
    expect(calls[0]?.aborted).toBe(true);
    calls[1]?.json(200, ANSWER);
    expect(client.headers['x-switchyard-provider']).toBe('two');
  });

  it('is an error once nothing is left, with nothing charged', () => {
    const { dispatch, calls, errors, outcomes } = stage(TWO);
    dispatch.start();
    calls[0]?.json(503, {});
    calls[1]?.error(broken('connect'));
    expect(errors.map((error) => error.code)).toEqual(['temporarily_unavailable']);
    expect(outcomes).toMatchObject([
      { status: 'upstream_error', served: null, usageSource: 'none', cost: { nanoUsd: 0 } },
    ]);
  });

  it('is given up at the total deadline', () => {
    const { dispatch, errors, calls, pass } = stage(attempts('a/m@1', 'a/m@2', 'a/m@3', 'a/m@4', 'a/m@5', 'a/m@6'));
    dispatch.start();
    pass(61_000);
    expect(errors.map((error) => error.code)).toEqual(['temporarily_unavailable']);
    expect(calls.every((call) => call.aborted)).toBe(true);
    expect(calls.length).toBeLessThan(6);
  });
});

describe('a stream', () => {
  const streamed = (fields = {}) => {
    const set = stage(TWO, { stream: true, ...fields });
    set.dispatch.start();
    return set;
  };

  it('is held back until the first content', () => {
    const { calls, client } = streamed();
    calls[0]?.stream().data(ROLE);
    expect(client.log).toEqual([]);
    calls[0]?.data(TEXT);
    expect(client.log).toEqual(['start', 'write']);
    expect(client.text).toContain('assistant');
  });

  it('falls back silently while nothing but a prelude was seen', () => {
    const { calls, client } = streamed();
    calls[0]?.stream().data(ROLE).error(broken('truncated'));
    calls[1]?.stream().data(ROLE + TEXT + FINISH + DONE);
    expect(client.headers['x-switchyard-provider']).toBe('two');
    expect(client.text.match(/"role":"assistant"/g)).toHaveLength(1);
    expect(client.text.endsWith(DONE)).toBe(true);
  });

  it('ends with an error and no terminator when it breaks after content, and is not tried again', () => {
    const { calls, client, outcomes } = streamed();
    calls[0]
      ?.stream()
      .data(ROLE + TEXT)
      .error(broken('truncated'));
    expect(calls).toHaveLength(1);
    expect(client.text).toContain('"finish_reason":"error"');
    expect(client.text).not.toContain('[DONE]');
    expect(outcomes).toMatchObject([
      { status: 'truncated', usageSource: 'estimated', usage: { uncachedInput: 10, output: 5 } },
    ]);
  });

  it('opens with a comment after the header hold, and still falls back', () => {
    const { calls, client, pass } = streamed();
    pass(10_200);
    expect(client.log).toEqual(['start', 'write']);
    expect(client.text).toMatch(/^:/);
    expect(client.headers['x-switchyard-provider']).toBe('one');
    calls[0]?.error(broken('connect'));
    calls[1]?.stream().data(ROLE + TEXT + FINISH + DONE);
    expect(client.text.endsWith(DONE)).toBe(true);
  });

  it('tells an error in the stream when all fail after the header hold', () => {
    const { calls, client, errors, pass } = streamed();
    pass(10_200);
    calls[0]?.error(broken('connect'));
    calls[1]?.error(broken('connect'));
    expect(errors).toEqual([]);
    expect(client.ended).toBe(true);
    expect(client.text).toContain('temporarily_unavailable');
  });

  it('gives up an upstream without a first event in time', () => {
    const { calls, pass } = streamed();
    calls[0]?.stream().data(ROLE);
    pass(20_200);
    expect(calls[0]?.aborted).toBe(true);
    expect(calls).toHaveLength(2);
  });

  it('cuts one that stalls after content, and lets one live that keeps talking', () => {
    const { calls, client, pass } = streamed();
    calls[0]?.stream().data(ROLE + TEXT);
    for (let count = 0; count < 4; count += 1) {
      pass(4_000);
      calls[0]?.data(TEXT);
    }
    expect(client.ended).toBe(false);
    pass(5_300);
    expect(client.ended).toBe(true);
    expect(calls[0]?.aborted).toBe(true);
    expect(client.text).toContain('"error"');
  });

  it('keeps a silent stream open with signs of life', () => {
    const { calls, client, pass } = streamed({ timeouts: { ...TIMEOUTS, idleMs: 50_000 } });
    calls[0]?.stream().data(ROLE + TEXT);
    const before = client.text.length;
    pass(15_200);
    expect(client.text.slice(before)).toBe(': keep-alive\n\n');
    pass(15_200);
    expect(client.text.slice(before)).toBe(': keep-alive\n\n'.repeat(2));
  });

  it('stops reading the upstream while the client does not read, and cuts a client that never does', () => {
    const { calls, client, pass } = streamed();
    client.full = true;
    calls[0]?.stream().data(ROLE + TEXT);
    expect(calls[0]?.paused).toBe(true);
    client.drain();
    expect(calls[0]?.paused).toBe(false);
    client.full = true;
    calls[0]?.data(TEXT);
    pass(8_200);
    expect(client.log).toContain('destroy');
  });

  it('takes a finish reason without a terminator for an end, and a missing finish reason for a break', () => {
    const sound = streamed();
    sound.calls[0]
      ?.stream()
      .data(ROLE + TEXT + FINISH)
      .end();
    expect(sound.client.text.endsWith(DONE)).toBe(true);
    const cut = streamed();
    cut.calls[0]
      ?.stream()
      .data(ROLE + TEXT)
      .end();
    expect(cut.client.text).not.toContain('[DONE]');
  });

  it('ends for the client with the terminator, however long the upstream keeps its socket', () => {
    const { calls, client, pass } = streamed();
    calls[0]?.stream().data(ROLE + TEXT + FINISH + DONE);
    expect(client.ended).toBe(true);
    expect(calls[0]?.aborted).toBe(false);
    pass(1_200);
    expect(calls[0]?.aborted).toBe(true);
  });
});

describe('a client that goes away', () => {
  it('has the upstream aborted at once and what was delivered recorded', () => {
    const { dispatch, calls, outcomes } = stage(TWO, { stream: true });
    dispatch.start();
    calls[0]?.stream().data(ROLE + TEXT);
    dispatch.clientGone();
    expect(calls[0]?.aborted).toBe(true);
    expect(outcomes).toMatchObject([{ status: 'client_cancelled', usageSource: 'estimated', usage: { output: 5 } }]);
  });

  it('is recorded once, also when it goes after the end', () => {
    const { dispatch, calls, outcomes } = stage(TWO);
    dispatch.start();
    calls[0]?.json(200, ANSWER);
    dispatch.clientGone();
    expect(outcomes).toHaveLength(1);
  });
});

describe('credentials', () => {
  const twice = provider('one', {
    credentials: [
      { id: 'first', apiKey: 'key-one', weight: 1 },
      { id: 'second', apiKey: 'key-two', weight: 1 },
    ],
  });
  const [planned] = attempts('a/m@one');

  it.each([401, 429])('of the same endpoint are tried in turn after a %i', (status) => {
    if (planned === undefined) throw new Error('no attempt');
    const { dispatch, calls, client } = stage([{ ...planned, endpoint: { ...planned.endpoint, provider: twice } }]);
    dispatch.start();
    calls[0]?.json(status, { error: { message: 'no' } });
    calls[1]?.json(200, ANSWER);
    expect(calls.map((call) => call.request.headers['authorization'])).toEqual(['Bearer key-one', 'Bearer key-two']);
    expect(client.log).toEqual(['send 200']);
  });
});

describe('a request that cannot be translated for an endpoint', () => {
  const [first, second] = attempts('a/m@one', 'a/m@two');
  const foreign = {
    ...first!,
    endpoint: { ...first!.endpoint, provider: provider('one', { dialect: 'anthropic-messages' }) },
  };
  const untranslatable = (error: Error) => ({
    conversation: () => {
      throw error;
    },
  });

  it('goes to the next one', () => {
    const { dispatch, calls, client } = stage([foreign, second!], untranslatable(broken('endpoint_specific')));
    dispatch.start();
    calls[0]?.json(200, ANSWER);
    expect(client.headers).toMatchObject({ 'x-switchyard-provider': 'two', 'x-switchyard-attempts': '1' });
  });

  it.each([
    [broken('endpoint_specific'), 'invalid_request'],
    [new GatewayError('invalid_request', 'messages.0.content is odd'), 'invalid_request'],
  ])('is refused when it is the last', (error, code) => {
    const { dispatch, errors, outcomes } = stage([foreign], untranslatable(error));
    dispatch.start();
    expect(errors).toMatchObject([{ code, message: error.message }]);
    expect(outcomes).toHaveLength(1);
  });
});

describe('the only endpoint of a request', () => {
  const ALONE = attempts('a/m@one');

  it('is tried twice more when its failure may be over in a moment, and serves if it is', () => {
    const { dispatch, calls, client, pass } = stage(ALONE);
    dispatch.start();
    calls[0]?.json(503, {});
    expect(calls).toHaveLength(1);
    pass(100);
    calls[1]?.error(broken('connect'));
    pass(100);
    calls[2]?.json(200, ANSWER);
    expect(client.headers).toMatchObject({ 'x-switchyard-provider': 'one', 'x-switchyard-attempts': '3' });
  });

  it('surfaces its failure after that', () => {
    const { dispatch, calls, errors, outcomes, pass } = stage(ALONE);
    dispatch.start();
    for (const index of [0, 1, 2]) {
      calls[index]?.json(503, {});
      pass(100);
    }
    expect(calls).toHaveLength(3);
    expect(errors).toMatchObject([{ code: 'temporarily_unavailable' }]);
    expect(outcomes[0]?.attempts).toHaveLength(3);
  });

  it.each([
    ['a time-out', 'timeout'],
    ['nonsense', 'invalid_answer'],
    ['a refused credential', 'auth'],
    ['a request it found invalid', 'invalid_request'],
  ] as const)('is not tried again after %s', (_name, failure) => {
    const { dispatch, calls, errors, pass } = stage(ALONE);
    dispatch.start();
    calls[0]?.error(broken(failure));
    pass(5_000);
    expect(calls).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });

  it('is waited for when it limits the rate for a short while', () => {
    const limited = (retryAfterS: number): UpstreamError =>
      new UpstreamError({ class: 'rate_limited', status: 429, message: 'slow down', retryAfterS });
    const short = stage(ALONE);
    short.dispatch.start();
    short.calls[0]?.error(limited(4));
    short.pass(3_900);
    expect(short.calls).toHaveLength(1);
    short.pass(200);
    short.calls[1]?.json(200, ANSWER);
    expect(short.client.log).toEqual(['send 200']);
    const long = stage(ALONE);
    long.dispatch.start();
    long.calls[0]?.error(limited(11));
    expect(long.errors).toMatchObject([{ code: 'rate_limited', details: { retryAfterS: 11 } }]);
  });

  it('is not tried again for a client that went away meanwhile', () => {
    const { dispatch, calls, outcomes, pass } = stage(ALONE);
    dispatch.start();
    calls[0]?.json(503, {});
    dispatch.clientGone();
    pass(5_000);
    expect(calls).toHaveLength(1);
    expect(outcomes).toMatchObject([{ status: 'client_cancelled', usageSource: 'none', cost: { nanoUsd: 0 } }]);
  });

  it('is the only one that is tried again: the last of several is not', () => {
    const { dispatch, calls, errors, pass } = stage(TWO);
    dispatch.start();
    calls[0]?.json(503, {});
    calls[1]?.json(503, {});
    pass(5_000);
    expect(calls).toHaveLength(2);
    expect(errors).toHaveLength(1);
  });

  it('is not tried again beyond the total time limit', () => {
    const { dispatch, calls, errors, pass } = stage(ALONE, { timeouts: { ...TIMEOUTS, totalMs: 1_000 } });
    dispatch.start();
    calls[0]?.error(new UpstreamError({ class: 'overloaded', status: 529, message: 'busy', retryAfterS: 2 }));
    expect(calls).toHaveLength(1);
    expect(errors).toHaveLength(1);
    pass(2_000);
    expect(errors).toHaveLength(1);
  });
});

describe('policy', () => {
  it('is asked again before every attempt', () => {
    const policy = mergePolicy({ operator: { ignore: ['one'] }, tenant: null, key: null, request: null });
    const { dispatch, calls } = stage(TWO, { policy });
    dispatch.start();
    expect(calls.map((call) => call.request.poolKey)).toEqual(['two main']);
  });

  it('never lets more attempts through than allowed', () => {
    const { dispatch, calls, errors } = stage(attempts('a/m@1', 'a/m@2', 'a/m@3'), { maxAttempts: 2 });
    dispatch.start();
    calls[0]?.json(500, {});
    calls[1]?.json(500, {});
    expect(calls).toHaveLength(2);
    expect(errors).toHaveLength(1);
  });
});
