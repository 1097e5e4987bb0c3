import { UpstreamError } from '@switchyard/contract';
import type { HealthRecorder } from './dispatch-request.js';
import { Hedges } from './hedges.js';
import type { HedgeSettings } from './hedges.js';
import { RetryBudgets } from './retry-budgets.js';
import { DONE, FINISH, ROLE, USAGE, textOf } from './testing/sse.js';
import { HEALTHY, OPEN_GATE, stage } from './testing/stage.js';
import type { Stage } from './testing/stage.js';
import { attempts, provider } from '../../../test/testing/plan-fixture.js';

const TEXT = textOf('Hello');
const HEDGING: HedgeSettings = {
  enabled: true,
  maxShare: 1,
  maxNanoUsdPerHour: 1_000,
  maxInFlight: 10,
  minDelayMs: 500,
};

interface Hedged extends Stage {
  readonly results: string[];
  readonly abandoned: number[];
  /** Providers whose attempts ended without a verdict. */
  readonly unjudged: string[];
}

/** A stream under way whose endpoints are known to bring their first content within 800 ms. */
function slowStream(
  names: readonly string[] = ['a/m@one', 'a/m@two', 'a/m@three'],
  settings: Partial<HedgeSettings> = {},
  tools: { readonly health?: Partial<HealthRecorder>; readonly budgets?: RetryBudgets } = {},
): Hedged {
  const results: string[] = [];
  const abandoned: number[] = [];
  const unjudged: string[] = [];
  const recordNothing: HealthRecorder['recordNothing'] = ({ tag }) => unjudged.push(tag);
  const set = stage(attempts(...names), { stream: true }, OPEN_GATE, {
    health: { ...HEALTHY, firstTokenP95Ms: () => 800, recordNothing, ...tools.health },
    hedges: new Hedges({ ...HEDGING, ...settings }, () => 0),
    ...(tools.budgets && { budgets: tools.budgets }),
    counters: {
      retryBudgetExhausted: () => undefined,
      hedged: (result) => results.push(result),
      abandoned: (nanoUsd) => abandoned.push(nanoUsd),
    },
  });
  set.dispatch.start();
  return { ...set, results, abandoned, unjudged };
}

describe('an attempt that is slower than its endpoint usually is', () => {
  it('gets a second one beside it after the p95, which serves when it is faster', () => {
    const { calls, client, outcomes, results, abandoned, unjudged, pass } = slowStream();
    calls[0]?.stream().data(ROLE);
    pass(700);
    expect(calls).toHaveLength(1);
    pass(300);
    expect(calls).toHaveLength(2);
    calls[1]?.stream().data(ROLE + TEXT);
    expect(calls[0]?.aborted).toBe(true);
    calls[1]?.data(FINISH + USAGE + DONE);
    expect(client.headers).toMatchObject({ 'x-switchyard-provider': 'two', 'x-switchyard-attempts': '2' });
    expect(client.text.match(/"role":"assistant"/g)).toHaveLength(1);
    expect(outcomes).toMatchObject([
      {
        status: 'completed',
        cost: { nanoUsd: 7 },
        attempts: [
          { provider: 'one', errorClass: 'hedge_lost' },
          { provider: 'two', errorClass: null },
        ],
      },
    ]);
    expect(results).toEqual(['won']);
    expect(abandoned).toEqual([10]);
    expect(unjudged).toEqual(['one']);
  });

  it('serves all the same when it is first, and the second one is the operator’s cost alone', () => {
    const { calls, outcomes, results, abandoned, pass } = slowStream();
    pass(1_000);
    calls[1]?.stream().data(ROLE);
    calls[0]?.stream().data(ROLE + TEXT + FINISH + USAGE + DONE);
    expect(calls[1]?.aborted).toBe(true);
    expect(outcomes).toMatchObject([
      {
        served: { endpoint: { tag: 'one' } },
        cost: { nanoUsd: 7 },
        attempts: [{ errorClass: null }, { errorClass: 'hedge_lost' }],
      },
    ]);
    expect([results, abandoned]).toEqual([['lost'], [10]]);
  });

  it('is replaced by the second one when it fails, and neither is followed before both failed', () => {
    const broke = new UpstreamError({ class: 'server', status: 500, message: 'broke' });
    const carried = slowStream();
    carried.pass(1_000);
    carried.calls[0]?.error(broke);
    expect(carried.calls).toHaveLength(2);
    carried.calls[1]?.stream().data(ROLE + TEXT + FINISH + DONE);
    expect([carried.client.ended, carried.results, carried.abandoned]).toEqual([true, ['won'], [0]]);
    const both = slowStream();
    both.pass(1_000);
    both.calls[1]?.error(broke);
    both.calls[0]?.error(broke);
    both.calls[2]?.stream().data(ROLE + TEXT + FINISH + DONE);
    expect(both.client.headers).toMatchObject({ 'x-switchyard-provider': 'three', 'x-switchyard-attempts': '3' });
    expect([both.results, both.abandoned]).toEqual([['lost'], [0]]);
  });

  it('is closed with the second one when the client goes away; the caller pays for one', () => {
    const { dispatch, calls, outcomes, results, abandoned, pass } = slowStream();
    pass(1_000);
    dispatch.clientGone();
    expect(calls.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(outcomes).toMatchObject([{ status: 'client_cancelled', cost: { nanoUsd: 10 } }]);
    expect([results, abandoned]).toEqual([['lost'], [10]]);
  });

  it('gets no second one once content went out', () => {
    const { calls, results, pass } = slowStream();
    calls[0]?.stream().data(ROLE + TEXT);
    pass(3_000);
    expect([calls.length, results]).toEqual([1, []]);
  });

  it('gets no third one', () => {
    const { calls, pass } = slowStream();
    pass(10_000);
    expect(calls).toHaveLength(2);
  });
});

describe('no second attempt is made', () => {
  it.each<[string, Parameters<typeof slowStream>, readonly string[]]>([
    ['while too many requests are under way', [undefined, { maxInFlight: 0 }], ['refused_load']],
    ['beyond a share of the requests', [undefined, { maxShare: 0.5 }], ['refused_share']],
    ['for more money than the hour has', [undefined, { maxNanoUsdPerHour: 9 }], ['refused_cost']],
    ['at another model', [['a/m@one', 'b/n@two']], ['refused_candidate']],
    [
      'where health does not admit it',
      [undefined, {}, { health: { admit: ({ tag }) => tag !== 'two' } }],
      ['refused_candidate'],
    ],
    ['while the p95 is not known', [undefined, {}, { health: { firstTokenP95Ms: () => null } }], []],
    ['when there is nowhere else to go', [['a/m@one']], []],
  ])('%s', (_name, parameters, results) => {
    const set = slowStream(...parameters);
    set.pass(5_000);
    expect([set.calls.length, set.results]).toEqual([1, results]);
  });

  it('without room in a retry budget', () => {
    const none = {
      tenant: { ratio: 0, floor: 0, windowMs: 60_000 },
      provider: { ratio: 0, floor: 0 },
      process: { tokens: 1, cost: 1 },
    };
    const set = slowStream(undefined, {}, { budgets: new RetryBudgets(none, () => 0) });
    set.pass(5_000);
    expect([set.calls.length, set.results]).toEqual([1, ['refused_budget']]);
  });

  it('when its account has no room, and the first goes on', () => {
    const results: string[] = [];
    const limits = { requestsPerMinute: 1, inputTokensPerMinute: null, outputTokensPerMinute: null, concurrency: null };
    const full = provider('two', { credentials: [{ id: 'main', apiKey: 'k', weight: 1, limits }] });
    const [one, two] = attempts('a/m@one', 'a/m@two');
    const planned = [one!, { ...two!, endpoint: { ...two!.endpoint, provider: full } }];
    const gate = {
      ...OPEN_GATE,
      admit: (_ask: unknown, answer: (refusal: { retryAfterS: number }) => void) => {
        answer({ retryAfterS: 1 });
      },
    };
    const { dispatch, calls, client, pass } = stage(planned, { stream: true }, gate, {
      health: { ...HEALTHY, firstTokenP95Ms: () => 800 },
      hedges: new Hedges(HEDGING, () => 0),
      counters: {
        retryBudgetExhausted: () => undefined,
        hedged: (result) => results.push(result),
        abandoned: () => undefined,
      },
    });
    dispatch.start();
    pass(1_000);
    expect([calls.length, results]).toEqual([1, ['refused_room']]);
    calls[0]?.stream().data(ROLE + TEXT + FINISH + DONE);
    expect(client.ended).toBe(true);
  });
});

it('what abandoned attempts cost is bounded by the hour', () => {
  const clock = { now: 0 };
  const hedges = new Hedges({ ...HEDGING, maxNanoUsdPerHour: 100 }, () => clock.now);
  for (let index = 0; index < 100; index += 1) hedges.requestStarted();
  hedges.started(60);
  expect(hedges.affords(60)).toBe(false);
  hedges.ended(60, 30);
  expect(hedges.affords(60)).toBe(true);
  hedges.started(60);
  hedges.ended(60, 80);
  expect(hedges.affords(1)).toBe(false);
  clock.now = 2 * 3_600_000;
  expect(hedges.affords(100)).toBe(true);
});
