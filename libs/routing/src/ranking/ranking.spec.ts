import type { Endpoint } from '@switchyard/contract';
import { catalog, endpoint, healthOf, model, price, provider } from '../testing/fixtures.js';
import { against, planFor, tried } from '../testing/plan-for.js';

/** An endpoint whose prompt and completion cost this much, in USD per million tokens. */
function at(usd: number | null, tag: string, fields: Partial<Endpoint> = {}): Endpoint {
  return endpoint(tag, { price: price(usd, usd), ...fields });
}

const ONE_TWO_THREE = [at(3, 'c'), at(1, 'a'), at(2, 'b')];

describe('order (G4)', () => {
  it('comes first, in its own sequence; the rest follows by ascending price', () => {
    expect(tried(planFor([...ONE_TWO_THREE, at(0.5, 'd')], { request: { order: ['c', 'b'] } }))).toEqual([
      'c',
      'b',
      'd',
      'a',
    ]);
  });

  it('wins over sort, which ranks the rest', () => {
    const health = healthOf({ a: { throughput: { p50: 10 } }, b: { throughput: { p50: 90 } } });
    const request = { order: ['c'], sort: 'throughput' } as const;
    expect(tried(planFor(ONE_TWO_THREE, { request, health }))).toEqual(['c', 'b', 'a']);
  });

  it('counts a slug named twice where it comes first', () => {
    expect(tried(planFor(ONE_TWO_THREE, { request: { order: ['c', 'b', 'c', 'a'] } }))).toEqual(['c', 'b', 'a']);
  });

  it('skips slugs that serve nothing', () => {
    expect(tried(planFor(ONE_TWO_THREE, { request: { order: ['nobody', 'b'] } }))[0]).toBe('b');
  });

  it('lists all endpoints of a base slug, cheapest first, and one of a tag', () => {
    const endpoints = [at(3, 'x/slow'), at(1, 'x/fast'), at(2, 'y')];
    expect(tried(planFor(endpoints, { request: { order: ['x'] } }))).toEqual(['x/fast', 'x/slow', 'y']);
    expect(tried(planFor(endpoints, { request: { order: ['x/slow'] } }))).toEqual(['x/slow', 'x/fast', 'y']);
  });

  it('lists the tier endpoint that it names, and not by the base slug', () => {
    const endpoints = [at(1, 'openai'), at(2, 'openai/priority', { serviceTier: 'priority' })];
    expect(tried(planFor(endpoints, { request: { order: ['openai/priority'] } }))).toEqual([
      'openai/priority',
      'openai',
    ]);
    expect(tried(planFor(endpoints, { request: { order: ['openai'] } }))).toEqual(['openai']);
  });

  it('leaves a tier endpoint that was let in otherwise to the rest, when it names only the provider', () => {
    const endpoints = [at(3, 'openai'), at(1, 'openai/flex', { serviceTier: 'flex' }), at(2, 'azure')];
    const request = { only: ['openai/flex', 'openai', 'azure'], order: ['openai'] };
    expect(tried(planFor(endpoints, { request }))).toEqual(['openai', 'openai/flex', 'azure']);
  });

  it('is certain of its first choice, whatever the seed', () => {
    for (const seed of [1, 2, 3]) {
      const { attempts } = planFor(ONE_TWO_THREE, { request: { order: ['b'] }, seed });
      expect(attempts.map((attempt) => attempt.firstChoiceProbability)).toEqual([1, 0, 0]);
    }
  });

  it('is a closed set without fallbacks, tried in sequence', () => {
    const answer = planFor(ONE_TWO_THREE, { request: { order: ['nobody', 'c', 'a'], allowFallbacks: false } });
    expect(tried(answer)).toEqual(['c', 'a']);
    expect(against(answer, 'b')).toEqual(['fallbacks_disabled request']);
    expect(answer.strategy).toBe('fallback');
  });

  it('orders within only, and never leaves it', () => {
    expect(tried(planFor(ONE_TWO_THREE, { request: { order: ['c', 'b'], only: ['a', 'b'] } }))).toEqual(['b', 'a']);
  });
});

describe('an account that the caller brought along', () => {
  const own = (usd: number | null, id: string): Endpoint =>
    at(usd, id, { provider: provider(id, { callers: { scope: 'abc', name: id, ownHost: usd === null } }) });
  const endpoints = [...ONE_TWO_THREE, own(9, 'own'), own(null, 'host')];

  it('comes before all others, whatever it costs', () => {
    for (const seed of [1, 2, 3, 4]) {
      expect(tried(planFor(endpoints, { seed })).slice(0, 2)).toEqual(['own', 'host']);
    }
    expect(tried(planFor(endpoints, { request: { sort: 'price' } }))).toEqual(['own', 'host', 'a', 'b', 'c']);
  });

  it('comes before the providers of an order, and in its sequence', () => {
    expect(tried(planFor(endpoints, { request: { order: ['b', 'host', 'own'] } }))).toEqual([
      'host',
      'own',
      'b',
      'a',
      'c',
    ]);
  });

  it('says so', () => {
    expect(planFor(endpoints, {}).attempts[0]?.because).toContain("the caller's own account");
  });
});

describe('allow_fallbacks false', () => {
  it('alone leaves the cheapest endpoint, without a draw', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const answer = planFor(ONE_TWO_THREE, { request: { allowFallbacks: false }, seed });
      expect(tried(answer)).toEqual(['a']);
      expect(answer.attempts[0]?.firstChoiceProbability).toBe(1);
      expect(answer.strategy).toBe('direct');
      expect(against(answer, 'b')).toEqual(['fallbacks_disabled request']);
    }
  });

  it('leaves the first of a sort', () => {
    const health = healthOf({ c: { latency: { p50: 1 } }, a: { latency: { p50: 2 } } });
    expect(
      tried(planFor(ONE_TWO_THREE, { key: { allowFallbacks: false }, request: { sort: 'latency' }, health })),
    ).toEqual(['c']);
  });

  it.each(['model', 'none'] as const)('keeps the fallback models of the caller, partition %s', (partition) => {
    const models = catalog(model('acme/m1', ONE_TWO_THREE), model('acme/m2', [at(5, 'd'), at(4, 'e')]));
    const answer = planFor([], {
      catalog: models,
      facts: { models: ['acme/m1', 'acme/m2'] },
      request: { allowFallbacks: false, partition },
    });
    expect(tried(answer)).toEqual(['a', 'e']);
  });
});

describe('sort', () => {
  it('by price is strict and uses the cost of this request (G5)', () => {
    const dearOutput = endpoint('dear-output', { price: price(1, 10) });
    const dearInput = endpoint('dear-input', { price: price(4, 4) });
    const order = (facts: { promptTokensEstimate: number; maxOutputTokens: number | null }) =>
      tried(planFor([dearInput, dearOutput], { request: { sort: 'price' }, facts }));
    expect(order({ promptTokensEstimate: 10_000, maxOutputTokens: 10 })).toEqual(['dear-output', 'dear-input']);
    expect(order({ promptTokensEstimate: 10, maxOutputTokens: 1_000 })).toEqual(['dear-input', 'dear-output']);
    // 512 tokens of output are assumed: 2 x 1000 above, 6 x 512 below.
    expect(order({ promptTokensEstimate: 1_000, maxOutputTokens: null })).toEqual(['dear-input', 'dear-output']);
  });

  it('by price uses the price tier that applies, and the price per request', () => {
    const tiered = at(1, 'tiered', { priceTiers: [{ abovePromptTokens: 1_000, price: { prompt: 9_000_000 } }] });
    const perRequest = endpoint('per-request', { price: price(1, 1, { request: 3_000_000_000 }) });
    const order = (promptTokensEstimate: number) =>
      tried(planFor([tiered, perRequest], { request: { sort: 'price' }, facts: { promptTokensEstimate } }));
    expect(order(1_000)).toEqual(['tiered', 'per-request']);
    expect(order(1_001)).toEqual(['per-request', 'tiered']);
  });

  it.each([
    ['throughput', ['b', 'c', 'a']],
    ['latency', ['c', 'b', 'a']],
    ['exacto', ['c', 'b', 'a']],
  ] as const)('by %s puts the best first and the unknown last', (sort, order) => {
    const health = healthOf({
      b: { throughput: { p50: 90 }, latency: { p50: 2 }, toolSuccess: 0.5 },
      c: { throughput: { p50: 10 }, latency: { p50: 1 }, toolSuccess: 0.9 },
    });
    expect(tried(planFor(ONE_TWO_THREE, { request: { sort }, health }))).toEqual(order);
  });

  it('uses what the catalogue assumes until something was observed', () => {
    const endpoints = [
      at(1, 'a', { prior: { throughput: 50, latency: 3 } }),
      at(1, 'b', { prior: { throughput: 10, latency: 1 } }),
    ];
    expect(tried(planFor(endpoints, { request: { sort: 'throughput' } }))).toEqual(['a', 'b']);
    expect(tried(planFor(endpoints, { request: { sort: 'latency' } }))).toEqual(['b', 'a']);
    const health = healthOf({ b: { throughput: { p50: 60 } } });
    expect(tried(planFor(endpoints, { request: { sort: 'throughput' }, health }))).toEqual(['b', 'a']);
  });

  it('puts an endpoint whose price is not known last', () => {
    expect(tried(planFor([at(null, 'a'), at(9, 'b')], { request: { sort: 'price' } }))).toEqual(['b', 'a']);
  });

  it('breaks ties by tag', () => {
    expect(tried(planFor([at(1, 'b'), at(1, 'c'), at(1, 'a')], { request: { sort: 'price' } }))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('takes no notice of health bands, the default does', () => {
    const health = healthOf({ a: { band: 'outage' } });
    expect(tried(planFor(ONE_TWO_THREE, { request: { sort: 'price' }, health }))[0]).toBe('a');
    expect(tried(planFor(ONE_TWO_THREE, { health })).at(-1)).toBe('a');
  });
});

describe('variants', () => {
  const tiers = [
    at(2, 'openai', { prior: { throughput: 10, latency: null } }),
    at(4, 'openai/priority', { serviceTier: 'priority', prior: { throughput: 99, latency: null } }),
    at(1, 'openai/flex', { serviceTier: 'flex', prior: { throughput: 1, latency: null } }),
    at(3, 'azure', { prior: { throughput: 50, latency: null } }),
  ];
  const order = (id: string, request = {}) => tried(planFor(tiers, { facts: { models: [id] }, request }));

  it(':nitro sorts by throughput and lets priority endpoints compete', () => {
    expect(order('acme/m1:nitro')).toEqual(['openai/priority', 'azure', 'openai']);
  });

  it(':floor sorts by price and lets flex endpoints compete', () => {
    expect(order('acme/m1:floor')).toEqual(['openai/flex', 'openai', 'azure']);
  });

  it(':exacto sorts by tool calls, unless the request sorts by something else', () => {
    const health = healthOf({ azure: { toolSuccess: 0.9 }, openai: { toolSuccess: 0.5 } });
    const facts = { models: ['acme/m1:exacto'] };
    expect(tried(planFor(tiers, { facts, health }))).toEqual(['azure', 'openai']);
    expect(tried(planFor(tiers, { facts, health, request: { sort: 'price' } }))).toEqual(['openai', 'azure']);
    expect(tried(planFor(tiers, { facts, health, key: { sort: 'price' } }))).toEqual(['azure', 'openai']);
  });

  it(':free is served by free endpoints alone, and the model without it by none', () => {
    const endpoints = [at(0, 'x/free', { variant: 'free' }), at(1, 'y')];
    expect(tried(planFor(endpoints, { facts: { models: ['acme/m1:free'] } }))).toEqual(['x/free']);
    const plain = planFor(endpoints);
    expect(tried(plain)).toEqual(['y']);
    expect(against(plain, 'x/free')).toEqual(['variant -']);
  });

  it(':extended without such endpoints is served by nobody', () => {
    expect(tried(planFor(tiers, { facts: { models: ['acme/m1:extended'] } }))).toEqual([]);
  });

  it(':thinking is accepted, :online is reported as not supported', () => {
    expect(planFor(tiers, { facts: { models: ['acme/m1:thinking'] } }).warnings).toEqual([]);
    const online = planFor(tiers, { facts: { models: ['acme/m1:online'] } });
    expect(online.attempts).toHaveLength(2);
    expect(online.warnings.join()).toContain(':online is not supported');
  });

  it(':thinking is served by endpoints of its own where there are any', () => {
    const endpoints = [at(1, 'x/thinking', { variant: 'thinking' }), at(1, 'y')];
    expect(tried(planFor(endpoints, { facts: { models: ['acme/m1:thinking'] } }))).toEqual(['x/thinking']);
  });

  it('of two requests for one model, plain and free, both are tried', () => {
    const endpoints = [at(0, 'x/free', { variant: 'free' }), at(1, 'y')];
    const answer = planFor(endpoints, { facts: { models: ['acme/m1:free', 'acme/m1'] } });
    expect(tried(answer)).toEqual(['x/free', 'y']);
  });
});

describe('service_tier', () => {
  const fast = (throughput: number): Partial<Endpoint> => ({ prior: { throughput, latency: null } });
  const tiers = [
    at(1, 'a', fast(10)),
    at(1, 'b', fast(20)),
    at(3, 'a/priority', { serviceTier: 'priority', ...fast(5) }),
    at(3, 'b/priority', { serviceTier: 'priority', ...fast(6) }),
  ];
  const flex = [...tiers, at(0.6, 'a/flex', { serviceTier: 'flex' }), at(0.5, 'b/flex', { serviceTier: 'flex' })];

  it.each([{ serviceTier: 'priority' }, { serviceTier: 'fast' }, { speed: 'fast' }])(
    '%j tries priority endpoints first, each group by throughput',
    (facts) => {
      expect(tried(planFor(flex, { facts }))).toEqual(['b/priority', 'a/priority', 'b', 'a']);
    },
  );

  it('flex tries flex endpoints alone, by price', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const answer = planFor(flex, { facts: { serviceTier: 'flex' }, seed });
      expect(tried(answer)).toEqual(['b/flex', 'a/flex']);
      expect(against(answer, 'a')).toEqual(['service_tier request']);
    }
  });

  it('flex routes as usual where there is no flex endpoint', () => {
    expect(tried(planFor(tiers, { facts: { serviceTier: 'flex' } })).toSorted()).toEqual(['a', 'b']);
  });

  it('flex and fast together are both honoured', () => {
    const facts = { serviceTier: 'flex', speed: 'fast' };
    expect(tried(planFor(flex, { facts })).toSorted()).toEqual(['a/flex', 'a/priority', 'b/flex', 'b/priority']);
  });

  it('default tries default endpoints alone, also with :nitro', () => {
    const facts = { serviceTier: 'default', models: ['acme/m1:nitro'] };
    expect(tried(planFor(flex, { facts }))).toEqual(['b', 'a']);
  });

  it('without fallbacks only the top endpoint of the tier is tried', () => {
    expect(tried(planFor(flex, { facts: { serviceTier: 'priority' }, request: { allowFallbacks: false } }))).toEqual([
      'b/priority',
    ]);
  });

  it('order wins over the tier, which then ranks within a provider', () => {
    const answer = planFor(flex, { facts: { serviceTier: 'priority' }, request: { order: ['a'] } });
    expect(tried(answer).slice(0, 2)).toEqual(['a/priority', 'a']);
  });
});

describe('preferred throughput and latency (G6, G7)', () => {
  const slowAndCheap = at(1, 'slow');
  const fastAndDear = at(9, 'fast');
  const health = healthOf({
    slow: { throughput: { p50: 40, p90: 15 }, latency: { p50: 3 } },
    fast: { throughput: { p50: 90, p90: 50 }, latency: { p50: 1 } },
  });
  const order = (request: object) => tried(planFor([slowAndCheap, fastAndDear], { request, health }));

  it('moves an endpoint that misses them to the end and never excludes it', () => {
    expect(order({ sort: 'price' })).toEqual(['slow', 'fast']);
    expect(order({ sort: 'price', preferredMinThroughput: { p50: 50 } })).toEqual(['fast', 'slow']);
    expect(order({ sort: 'price', preferredMaxLatency: { p50: 2 } })).toEqual(['fast', 'slow']);
    expect(order({ sort: 'price', preferredMinThroughput: { p50: 1_000 } })).toEqual(['slow', 'fast']);
  });

  it('asks for every cut-off given', () => {
    expect(order({ sort: 'price', preferredMinThroughput: { p50: 40 } })).toEqual(['slow', 'fast']);
    expect(order({ sort: 'price', preferredMinThroughput: { p50: 40, p90: 20 } })).toEqual(['fast', 'slow']);
  });

  it('counts what is not known as missed', () => {
    const answer = planFor([at(1, 'new'), fastAndDear], {
      request: { sort: 'price', preferredMinThroughput: { p50: 50 } },
      health,
    });
    expect(tried(answer)).toEqual(['fast', 'new']);
  });

  it('draws among those that meet them', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const answer = planFor([slowAndCheap, fastAndDear], {
        request: { preferredMinThroughput: { p50: 50 } },
        health,
        seed,
      });
      expect(answer.attempts.map((attempt) => attempt.firstChoiceProbability)).toEqual([1, 0]);
    }
  });

  it.each([
    ['model', ['fast', 'slow', 'other']],
    ['none', ['fast', 'other', 'slow']],
  ] as const)('demotes within the partition %s', (partition, expected) => {
    const models = catalog(model('acme/m1', [slowAndCheap, fastAndDear]), model('acme/m2', [at(10, 'other')]));
    const both = healthOf({
      slow: { throughput: { p50: 1 } },
      fast: { throughput: { p50: 90 } },
      other: { throughput: { p50: 90 } },
    });
    const answer = planFor([], {
      catalog: models,
      facts: { models: ['acme/m1', 'acme/m2'] },
      request: { sort: 'price', partition, preferredMinThroughput: { p50: 50 } },
      health: both,
    });
    expect(tried(answer)).toEqual(expected);
  });
});

describe('the sticky endpoint (G16)', () => {
  it('goes first, before the draw', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const answer = planFor(ONE_TWO_THREE, { sticky: 'c', seed });
      expect(tried(answer)).toEqual(['c', 'a', 'b']);
      expect(answer.attempts[0]?.firstChoiceProbability).toBe(1);
    }
  });

  it('goes first among those that order lists', () => {
    expect(tried(planFor(ONE_TWO_THREE, { sticky: 'c', request: { order: ['a', 'c'] } }))).toEqual(['c', 'a', 'b']);
  });

  it('does not go before order when order does not list it', () => {
    expect(tried(planFor(ONE_TWO_THREE, { sticky: 'c', request: { order: ['b', 'a'] } }))).toEqual(['b', 'a', 'c']);
  });

  it('gives way to sort, to provider_sticky false and to an outage', () => {
    expect(tried(planFor(ONE_TWO_THREE, { sticky: 'c', request: { sort: 'price' } }))[0]).toBe('a');
    expect(tried(planFor(ONE_TWO_THREE, { sticky: 'c', request: { sticky: false, order: ['a', 'c'] } }))[0]).toBe('a');
    expect(tried(planFor(ONE_TWO_THREE, { sticky: 'c', health: healthOf({ c: { band: 'outage' } }) })).at(-1)).toBe(
      'c',
    );
  });

  it('is that of the model tried first, and no other model’s of the same tag', () => {
    const models = catalog(model('acme/m1', [at(1, 'a')]), model('acme/m2', [at(1, 'a'), at(9, 'c')]));
    const facts = { models: ['acme/m1', 'acme/m2'] };
    const behind = planFor([], { catalog: models, facts, sticky: 'c', request: { allowFallbacks: false } });
    expect(tried(behind)).toEqual(['a', 'a']);
    const merged = catalog(model('acme/m1', [at(2, 'c')]), model('acme/m2', [at(9, 'c'), at(1, 'b')]));
    const answer = planFor([], { catalog: merged, facts, sticky: 'c', request: { partition: 'none' } });
    expect(answer.attempts.map((attempt) => attempt.model.id)).toEqual(['acme/m1', 'acme/m2', 'acme/m2']);
    expect(tried(answer)).toEqual(['c', 'b', 'c']);
  });

  it('is never let in by being sticky', () => {
    expect(tried(planFor(ONE_TWO_THREE, { sticky: 'c', request: { ignore: ['c'] } }))).not.toContain('c');
  });
});

describe('the default', () => {
  const chances = (endpoints: readonly Endpoint[], health = healthOf()) => {
    const { attempts } = planFor(endpoints, { health, seed: 7 });
    return Object.fromEntries(attempts.map((attempt) => [attempt.endpoint.tag, attempt.firstChoiceProbability]));
  };

  it('weighs by inverse square of cost: a third of the price is nine times as likely', () => {
    const { a, c } = chances([at(1, 'a'), at(3, 'c')]);
    expect(a).toBeCloseTo(0.9, 12);
    expect(c).toBeCloseTo(0.1, 12);
  });

  it('leaves out whoever is not well while others are, as in the documented example', () => {
    const health = healthOf({ b: { band: 'outage' } });
    expect(chances([at(1, 'a'), at(2, 'b'), at(3, 'c')], health)).toEqual({
      a: expect.closeTo(0.9, 12),
      b: 0,
      c: expect.closeTo(0.1, 12),
    });
    expect(tried(planFor([at(1, 'a'), at(2, 'b'), at(3, 'c')], { health })).at(-1)).toBe('b');
  });

  it('tries healthy, degraded, down and outage in this order', () => {
    const endpoints = [at(1, 'd'), at(2, 'c'), at(3, 'b'), at(4, 'a')];
    const health = healthOf({ d: { band: 'outage' }, c: { band: 'down' }, b: { band: 'degraded' } });
    expect(tried(planFor(endpoints, { health }))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('tries the rest by price after the one drawn', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const rest = tried(planFor(ONE_TWO_THREE, { seed })).slice(1);
      expect(rest).toEqual(rest.toSorted());
    }
  });

  it('counts a free endpoint as 1e-6 USD (G5)', () => {
    const dear = endpoint('dear', { price: price(0, 0, { request: 2_000_000 }) });
    const { free, dear: other } = chances([at(0, 'free'), dear]);
    expect(free).toBeCloseTo(0.8, 12);
    expect(other).toBeCloseTo(0.2, 12);
  });

  it('never counts a free endpoint as the dearest', () => {
    const { free } = chances([at(0, 'free'), endpoint('tiny', { price: price(0, 0, { request: 10 }) })]);
    expect(free).toBeCloseTo(0.5, 12);
  });

  it('never draws an endpoint without a price before one that has one, and draws evenly among those without', () => {
    expect(chances([at(null, 'x'), at(9, 'y')])).toEqual({ x: 0, y: 1 });
    expect(chances([at(null, 'x'), at(null, 'y')])).toEqual({ x: 0.5, y: 0.5 });
  });

  it('leads as often as firstChoiceProbability says', () => {
    const runs = 4_000;
    const leads = new Map<string, number>();
    const endpoints = [at(1, 'a'), at(1.5, 'b'), at(3, 'c')];
    for (let seed = 0; seed < runs; seed += 1) {
      const first = tried(planFor(endpoints, { seed }))[0] ?? '';
      leads.set(first, (leads.get(first) ?? 0) + 1);
    }
    for (const [tag, chance] of Object.entries(chances(endpoints))) {
      expect((leads.get(tag) ?? 0) / runs).toBeCloseTo(chance, 1);
      expect(Math.abs((leads.get(tag) ?? 0) / runs - chance)).toBeLessThan(0.03);
    }
  });

  it('draws for each model of a list apart', () => {
    const models = catalog(model('acme/m1', [at(1, 'a'), at(1, 'b')]), model('acme/m2', [at(1, 'c'), at(1, 'd')]));
    const firsts = new Set<string>();
    for (let seed = 0; seed < 60; seed += 1) {
      const answer = planFor([], { catalog: models, facts: { models: ['acme/m1', 'acme/m2'] }, seed });
      firsts.add(`${answer.attempts[0]?.endpoint.tag ?? ''}${answer.attempts[2]?.endpoint.tag ?? ''}`);
      expect(answer.attempts[2]?.firstChoiceProbability).toBe(0);
    }
    expect([...firsts].toSorted()).toEqual(['ac', 'ad', 'bc', 'bd']);
  });
});

describe('tool calls (Auto Exacto)', () => {
  const endpoints = ['a', 'b', 'c', 'd', 'e'].map((tag, index) => at(index + 1, tag));
  const health = healthOf({
    a: { toolSuccess: 0.4 },
    b: { toolSuccess: 0.96 },
    c: { toolSuccess: 0.97 },
    d: { toolSuccess: 0.98 },
  });
  const facts = { parameters: ['tools'] };

  it('tries an endpoint far below the median last, and one with too little data after the good ones', () => {
    expect(tried(planFor(endpoints, { facts, health })).slice(-2)).toEqual(['e', 'a']);
  });

  it('leaves requests without tools alone', () => {
    expect(
      planFor(endpoints, { health }).attempts.find((attempt) => attempt.endpoint.tag === 'a')?.firstChoiceProbability,
    ).toBeGreaterThan(0.5);
  });

  it('gives way to a sort', () => {
    expect(tried(planFor(endpoints, { facts, health, request: { sort: 'price' } }))[0]).toBe('a');
  });

  it('says nothing with data of fewer than four providers', () => {
    const few = healthOf({ a: { toolSuccess: 0.4 }, b: { toolSuccess: 0.96 }, c: { toolSuccess: 0.97 } });
    expect(
      planFor(endpoints, { facts, health: few }).attempts.every((attempt) => attempt.firstChoiceProbability > 0),
    ).toBe(true);
  });
});

describe('models', () => {
  const models = catalog(
    model('acme/m1', [at(9, 'a'), at(8, 'b')], { aliases: ['m1'] }),
    model('acme/m2', [at(1, 'c'), at(2, 'd')]),
    model('acme/m3', [
      at(5, 'e', { dataPolicy: { trains: true, retains: true, zdr: false, retentionDays: 30, regions: [] } }),
    ]),
  );
  const order = (ids: readonly string[], request = {}) =>
    tried(planFor([], { catalog: models, facts: { models: ids }, request }));

  it('are tried one after the other, all endpoints of one before the next', () => {
    expect(order(['acme/m1', 'acme/m2'], { sort: 'price' })).toEqual(['b', 'a', 'c', 'd']);
  });

  it('are merged into one list with partition none', () => {
    expect(order(['acme/m1', 'acme/m2'], { sort: 'price', partition: 'none' })).toEqual(['c', 'd', 'b', 'a']);
    const drawn = planFor([], {
      catalog: models,
      facts: { models: ['acme/m1', 'acme/m2'] },
      request: { partition: 'none' },
    });
    expect(drawn.attempts.reduce((sum, attempt) => sum + attempt.firstChoiceProbability, 0)).toBeCloseTo(1, 12);
    expect(drawn.attempts.every((attempt) => attempt.firstChoiceProbability > 0)).toBe(true);
  });

  it('named twice count once', () => {
    expect(order(['acme/m1', 'm1', 'acme/m1:nitro'], { sort: 'price' })).toEqual(['b', 'a']);
  });

  it('none of whose endpoints pass are skipped', () => {
    expect(order(['acme/m3', 'acme/m1'], { sort: 'price', zdr: true })).toEqual(['b', 'a']);
  });

  it('that are unknown are skipped and reported while another is left', () => {
    const answer = planFor([], { catalog: models, facts: { models: ['acme/none', 'acme/m1'] } });
    expect(answer.attempts).toHaveLength(2);
    expect(answer.warnings.join()).toContain('acme/none');
  });

  it('that a key may not use read like unknown ones', () => {
    const warningFor = (models1: readonly string[], key = {}) =>
      planFor([], { catalog: models, facts: { models: models1 }, key })
        .warnings.join()
        .replace(models1[0] ?? '', 'X');
    expect(warningFor(['acme/m2', 'acme/m1'], { models: ['acme/m1'] })).toBe(warningFor(['acme/none', 'acme/m1']));
  });

  it('each keep an attempt while the limit allows, first come first served', () => {
    const limited = (maxAttempts: number) =>
      planFor([], {
        catalog: models,
        facts: { models: ['acme/m1', 'acme/m2', 'acme/m3'] },
        request: { sort: 'price' },
        maxAttempts,
      });
    expect(tried(limited(3))).toEqual(['b', 'c', 'e']);
    expect(tried(limited(4))).toEqual(['b', 'a', 'c', 'e']);
    expect(tried(limited(2))).toEqual(['b', 'c']);
    expect(limited(3).warnings).toEqual(['2 more endpoints qualify but lie beyond the limit of 3 attempts']);
  });
});
