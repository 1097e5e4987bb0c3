import type { FailureClass } from '@switchyard/contract';
import { ONE, RULES, SEEN, TWO, tracked } from './health.fixture.js';
import { SKETCH_ERROR } from './sketch.js';
import { endpoint, model, provider } from '../../../../test/testing/plan-fixture.js';

function near(value: number | undefined, wanted: number): boolean {
  return value !== undefined && Math.abs(value - wanted) <= wanted * SKETCH_ERROR;
}

describe('what ranking learns of an endpoint', () => {
  it('is nothing before it was tried', () => {
    expect(tracked().health.of(ONE)).toBeNull();
  });

  it('is an outage after three errors in thirty seconds, and no more after them', () => {
    const { clock, health, fail } = tracked();
    fail(2);
    expect(health.of(ONE)?.band).toBe('healthy');
    clock.nowMs += 1_000;
    fail(1);
    expect(health.of(ONE)?.band).toBe('outage');
    clock.nowMs += 31_000;
    expect(health.of(ONE)?.band).toBe('healthy');
  });

  it('is no outage when there are a few errors among many successes', () => {
    const { health, fail, succeed } = tracked();
    succeed(30);
    fail(3);
    expect(health.of(ONE)?.band).toBe('healthy');
  });

  it.each([
    [4, 'healthy'],
    [10, 'degraded'],
    [30, 'down'],
  ] as const)('is by %d failures of the last hundred that it is %s', (failures, expected) => {
    const { clock, health, fail, succeed } = tracked();
    for (let done = 0; done < failures; done += 1) {
      fail(1, 'auth');
      succeed(1);
    }
    succeed(100 - 2 * failures);
    clock.nowMs += 31_000;
    fail(1, 'auth');
    expect(health.of(ONE)?.band).toBe(expected);
  });

  it('is nothing bad any more when it has not failed for thirty seconds', () => {
    const { clock, health, fail, succeed } = tracked();
    succeed(80);
    fail(20, 'auth');
    clock.nowMs += 31_000;
    expect(health.of(ONE)?.band).toBe('healthy');
    clock.nowMs += 1_000;
    fail(1, 'auth');
    expect(health.of(ONE)?.band).toBe('down');
  });

  it.each<FailureClass>([
    'invalid_request',
    'too_large',
    'rate_limited',
    'client_gone',
    'context_length',
    'hedge_lost',
  ])('holds no %s against it', (failure) => {
    const { health, fail } = tracked();
    fail(10, failure);
    expect(health.of(ONE)).toMatchObject({ band: 'healthy', circuitOpen: false });
    expect(health.historyOf(ONE)).toMatchObject({ uptime5Min: null });
  });

  it('has latency in seconds and throughput in tokens per second', () => {
    const { health, succeed } = tracked();
    succeed(10);
    const { latency, throughput } = health.of(ONE) ?? {};
    expect([near(latency?.p50, 0.5), near(latency?.p99, 0.5)]).toEqual([true, true]);
    expect([near(throughput?.p50, 50), near(throughput?.p99, 50)]).toEqual([true, true]);
  });

  it('has a throughput that falls and a latency that rises with the percentile', () => {
    const { health } = tracked();
    for (let index = 1; index <= 100; index += 1) {
      health.recordSuccess(ONE, 'main', { ...SEEN, firstTokenMs: index * 10, durationMs: index * 100 });
    }
    const { latency, throughput } = health.of(ONE) ?? {};
    expect([near(latency?.p90, 0.91), near(latency?.p99, 1)]).toEqual([true, true]);
    expect([near(throughput?.p50, 100 / 5.1), near(throughput?.p90, 100 / 9)]).toEqual([true, true]);
  });

  it('is told apart from others', () => {
    const { health, fail } = tracked();
    fail(5);
    expect(health.of(TWO)).toBeNull();
  });

  it('is the p95 of its first tokens once enough streams were seen', () => {
    const { clock, health, succeed } = tracked();
    succeed(19);
    expect(health.firstTokenP95Ms(ONE)).toBeNull();
    health.recordSuccess(ONE, 'main', { ...SEEN, streamed: false });
    clock.nowMs += 1_000;
    expect(health.firstTokenP95Ms(ONE)).toBeNull();
    succeed(1);
    clock.nowMs += 1_000;
    expect(near(health.firstTokenP95Ms(ONE) ?? 0, 500)).toBe(true);
  });

  it('lasts five minutes in ranking, and longer in listings', () => {
    const { clock, health, fail, succeed } = tracked();
    succeed(3);
    fail(1);
    clock.nowMs += 301_000;
    expect(health.of(ONE)).toMatchObject({ latency: null, throughput: null });
    expect(health.historyOf(ONE)).toMatchObject({ uptime5Min: null, uptime30Min: 0.75, uptime1Day: 0.75 });
    expect(near(health.historyOf(ONE).latency30Min?.p50, 500)).toBe(true);
    clock.nowMs += 1_800_000;
    expect(health.historyOf(ONE)).toMatchObject({ uptime30Min: null, uptime1Day: 0.75, latency30Min: null });
    clock.nowMs += 86_400_000;
    expect(health.historyOf(ONE).uptime1Day).toBeNull();
  });
});

describe('ejection', () => {
  it('follows five failures in a row and leaves the endpoint out', () => {
    const { health, events, fail } = tracked();
    fail(4);
    expect(health.admit(ONE, false)).toBe(true);
    fail(1);
    expect(health.admit(ONE, false)).toBe(false);
    expect(health.of(ONE)?.circuitOpen).toBe(true);
    expect(events).toMatchObject([{ type: 'ejected', cause: 'consecutive', times: 1, forMs: 30_000 }]);
  });

  it('follows a half of twenty requests in thirty seconds', () => {
    const { health, events, fail, succeed } = tracked();
    for (let pair = 0; pair < 9; pair += 1) {
      succeed(1);
      fail(1);
    }
    succeed(1);
    expect(health.circuitOf(ONE)).toBe('closed');
    fail(1);
    expect(events).toMatchObject([{ type: 'ejected', cause: 'share' }]);
  });

  it('never keeps out the last endpoint', () => {
    const { health, fail } = tracked();
    fail(5);
    expect(health.admit(ONE, true)).toBe(true);
  });

  it('ends with one trial, whose success brings the endpoint back without a stain', () => {
    const { clock, health, events, fail, succeed } = tracked();
    fail(5);
    clock.nowMs += 30_000;
    expect(health.circuitOf(ONE)).toBe('trial');
    expect([health.admit(ONE, false), health.admit(ONE, false)]).toEqual([true, false]);
    succeed(1);
    expect([health.admit(ONE, false), health.admit(ONE, false)]).toEqual([true, true]);
    expect(health.of(ONE)).toMatchObject({ band: 'healthy', circuitOpen: false });
    expect(events.at(-1)).toMatchObject({ type: 'recovered' });
    expect(health.historyOf(ONE).uptime5Min).toBeCloseTo(1 / 6);
  });

  it('takes longer after a trial that failed, and falls back in healthy times', () => {
    const { clock, health, events, fail, succeed } = tracked();
    fail(5);
    clock.nowMs += 30_000;
    health.admit(ONE, false);
    fail(1);
    expect(events.at(-1)).toMatchObject({ cause: 'trial', times: 2, forMs: 60_000 });
    clock.nowMs += 60_000;
    health.admit(ONE, false);
    succeed(1);
    clock.nowMs += 60_000;
    fail(5);
    expect(events.at(-1)).toMatchObject({ cause: 'consecutive', times: 1 });
  });

  it('is followed by a trial however much failed before it', () => {
    const { clock, health, fail } = tracked();
    fail(200);
    clock.nowMs += 30_000;
    expect(health.of(ONE)).toMatchObject({ band: 'healthy', circuitOpen: false });
    health.admit(ONE, false);
    clock.nowMs += 1_000;
    expect(health.of(ONE)?.circuitOpen).toBe(true);
  });

  it('gives the place of a trial back that ended without a verdict', () => {
    const { clock, health, fail } = tracked();
    fail(5);
    clock.nowMs += 30_000;
    health.admit(ONE, false);
    health.recordNothing(ONE);
    expect(health.admit(ONE, false)).toBe(true);
    fail(1, 'invalid_request');
    expect(health.admit(ONE, false)).toBe(true);
    expect(health.admit(ONE, false)).toBe(false);
  });

  it('lets another trial go when the first is silent for long', () => {
    const { clock, health, fail } = tracked();
    fail(5);
    clock.nowMs += 30_000;
    health.admit(ONE, false);
    clock.nowMs += 30_000;
    expect([health.admit(ONE, false), health.admit(ONE, false)]).toEqual([true, false]);
  });

  it('is not undone by the success of a request from before it', () => {
    const { health, fail, succeed } = tracked();
    fail(5);
    succeed(3);
    expect(health.circuitOf(ONE)).toBe('ejected');
  });

  it('is ended early by a probe that was answered, for a trial to follow', () => {
    const { clock, health, fail } = tracked();
    fail(5);
    clock.nowMs += 1_000;
    health.recordAnsweredProbe(ONE, 'main');
    expect(health.circuitOf(ONE)).toBe('trial');
    expect([health.admit(ONE, false), health.admit(ONE, false)]).toEqual([true, false]);
  });

  it('goes with the endpoint that another configuration no longer has', () => {
    const { health, fail } = tracked();
    fail(5);
    health.configure(RULES, { models: [model('a/m', { endpoints: [TWO] })] });
    health.configure(RULES, { models: [model('a/m', { endpoints: [ONE, TWO] })] });
    expect(health.circuitOf(ONE)).toBe('closed');
  });
});

describe('rests of credentials', () => {
  const host = provider('host', {
    credentials: [
      { id: 'main', apiKey: 'a', weight: 1 },
      { id: 'spare one', apiKey: 'b', weight: 1 },
    ],
  });
  const at = endpoint('a/m', host);
  const refusal = { class: 'auth', status: 401, message: '' } as const;
  const limited = { class: 'rate_limited', status: 429, message: '' } as const;

  it.each(['auth', 'billing'] as const)('last five minutes after %s, and are told once', (reason) => {
    const { clock, health, events } = tracked([at]);
    health.recordFailure(at, 'main', { ...refusal, class: reason });
    health.recordFailure(at, 'main', { ...refusal, class: reason });
    expect(events).toMatchObject([
      { type: 'credential_refused', credentialId: 'main', reason, isNews: true },
      { isNews: false },
    ]);
    clock.nowMs += 299_000;
    expect([health.isCredentialRested(host, 'main'), health.isCredentialRested(host, 'spare one')]).toEqual([
      false,
      true,
    ]);
    clock.nowMs += 1_000;
    expect(health.isCredentialRested(host, 'main')).toBe(true);
  });

  it('pass an endpoint over only when it has no other credential, and never eject it', () => {
    const { health } = tracked([at]);
    for (let count = 0; count < 10; count += 1) health.recordFailure(at, 'main', refusal);
    expect(health.admit(at, false)).toBe(true);
    health.recordFailure(at, 'spare one', refusal);
    expect([health.admit(at, false), health.admit(at, true)]).toEqual([false, true]);
    expect(health.circuitOf(at)).toBe('closed');
  });

  it.each([
    [undefined, 5_000],
    [2, 2_000],
    [3_600, 60_000],
  ])('last as long as a rate limit asks for (%s s), within bounds', (retryAfterS, restMs) => {
    const { clock, health } = tracked([at]);
    const failure = retryAfterS === undefined ? limited : { ...limited, retryAfterS };
    for (const id of ['main', 'spare one']) health.recordFailure(at, id, failure);
    clock.nowMs += restMs - 1;
    expect([health.admit(at, false), health.isCredentialRested(host, 'main')]).toEqual([false, false]);
    clock.nowMs += 1;
    expect([health.admit(at, false), health.isCredentialRested(host, 'main')]).toEqual([true, true]);
  });

  it('hold for the rate limit of one model alone', () => {
    const other = endpoint('a/n', host);
    const { health } = tracked([at, other]);
    for (const id of ['main', 'spare one']) health.recordFailure(at, id, limited);
    expect([health.admit(at, false), health.admit(other, false)]).toEqual([false, true]);
  });

  it('are known where no credential is needed', () => {
    const local = endpoint('a/m', provider('local', { credentials: [] }));
    const { health } = tracked([local]);
    expect(health.admit(local, false)).toBe(true);
    health.recordFailure(local, 'none', limited);
    expect(health.admit(local, false)).toBe(false);
  });

  it('end with a success, and with another configuration', () => {
    const { health } = tracked([at]);
    for (const id of ['main', 'spare one']) health.recordFailure(at, id, refusal);
    health.recordSuccess(at, 'main', SEEN);
    expect(health.isCredentialRested(host, 'main')).toBe(true);
    health.configure(RULES, { models: [model('a/m', { endpoints: [at] })] });
    expect(health.isCredentialRested(host, 'spare one')).toBe(true);
  });
});

it('remembers nothing of endpoints that a caller brought along', () => {
  const { health, events, fail } = tracked();
  const foreign = endpoint('a/m', provider('one'));
  fail(10, 'server', foreign);
  fail(10, 'auth', foreign);
  health.recordSuccess(foreign, 'main', SEEN);
  expect([health.of(foreign), health.of(ONE), health.admit(foreign, false)]).toEqual([null, null, true]);
  expect(events).toEqual([]);
});
