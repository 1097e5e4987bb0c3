import { catalog, endpoint, healthOf, model, price, provider } from '../testing/fixtures.js';
import { against, merged, planFor, tried } from '../testing/plan-for.js';
import { explainPlan } from './explain-plan.js';

describe('the soft preference for parameters', () => {
  const able = endpoint('able', {
    supportedParameters: new Set(['tools', 'tool_choice', 'response_format', 'verbosity']),
  });
  const unable = endpoint('unable', { supportedParameters: new Set(['seed']) });
  const silent = endpoint('silent');

  it.each([
    ['tools', 'tools -'],
    ['tool_choice', 'tools -'],
    ['response_format', 'require_parameters -'],
    ['verbosity', 'require_parameters -'],
  ])('for %s keeps the endpoints that support it, and those that do not say', (parameter, why) => {
    const answer = planFor([able, unable, silent], { facts: { parameters: [parameter] } });
    expect(tried(answer).toSorted()).toEqual(['able', 'silent']);
    expect(against(answer, 'unable')).toEqual([why]);
  });

  it('keeps all when none supports it', () => {
    expect(tried(planFor([unable, silent], { facts: { parameters: ['tools'] } }))).toHaveLength(2);
  });

  it('keeps the endpoint that supports most when none supports all', () => {
    const tools = endpoint('tools', { supportedParameters: new Set(['tools']) });
    const format = endpoint('format', { supportedParameters: new Set(['response_format']) });
    expect(tried(planFor([format, tools], { facts: { parameters: ['tools', 'response_format'] } }))).toEqual(['tools']);
  });

  it('does not count a parameter that the dialect of the endpoint cannot express', () => {
    const anthropic = endpoint('anthropic', {
      provider: provider('anthropic', { dialect: 'anthropic-messages' }),
      supportedParameters: new Set(['response_format']),
    });
    const inexpressible = { 'anthropic-messages': ['response_format'] };
    expect(tried(planFor([anthropic, able], { facts: { parameters: ['response_format'], inexpressible } }))).toEqual([
      'able',
    ]);
  });

  it('ignores parameters that only tune', () => {
    expect(tried(planFor([able, unable], { facts: { parameters: ['seed'] } }))).toHaveLength(2);
  });

  it('never removes a model from the list', () => {
    const models = catalog(model('acme/m1', [unable]), model('acme/m2', [able]));
    const answer = planFor([], { catalog: models, facts: { models: ['acme/m1', 'acme/m2'], parameters: ['tools'] } });
    expect(tried(answer)).toEqual(['unable', 'able']);
  });

  it('chooses among what the hard filters left', () => {
    expect(tried(planFor([able, unable], { facts: { parameters: ['tools'] }, request: { ignore: ['able'] } }))).toEqual(
      ['unable'],
    );
  });
});

describe('an open circuit', () => {
  const endpoints = [endpoint('a'), endpoint('b')];

  it('excludes its endpoint while another is left', () => {
    const answer = planFor(endpoints, { health: healthOf({ a: { circuitOpen: true } }) });
    expect(tried(answer)).toEqual(['b']);
    expect(against(answer, 'a')).toEqual(['circuit_open -']);
  });

  it('excludes nobody when all are open', () => {
    const health = healthOf({ a: { circuitOpen: true }, b: { circuitOpen: true } });
    expect(tried(planFor(endpoints, { health }))).toHaveLength(2);
  });

  it('does not count an endpoint that rules exclude as another', () => {
    const health = healthOf({ a: { circuitOpen: true } });
    expect(tried(planFor(endpoints, { health, request: { only: ['a'] } }))).toEqual(['a']);
  });
});

describe('costs of an attempt', () => {
  const costs = (fields: object, wanted = {}) => {
    const [attempt] = planFor([endpoint('a', fields)], { facts: wanted }).attempts;
    return [attempt?.expectedCostUsd, attempt?.worstCaseCostUsd];
  };

  it('are expected from the estimate and 512 tokens of output, and at worst from the longest output', () => {
    expect(costs({ price: price(1, 2) })).toEqual([(1_000 + 2 * 512) / 1e6, (1_000 + 2 * 10_000) / 1e6]);
  });

  it('use the declared output', () => {
    expect(costs({ price: price(1, 2) }, { maxOutputTokens: 100 })).toEqual([1_200 / 1e6, 1_200 / 1e6]);
  });

  it('assume the dearest kinds of tokens at worst, and images', () => {
    const prices = price(1, 2, {
      cacheWrite1h: 3_000_000,
      reasoning: 4_000_000,
      image: 1_000_000_000,
      request: 5_000_000_000,
    });
    const [expected, worst] = costs({ price: prices }, { maxOutputTokens: 100, images: 2 });
    expect(expected).toBeCloseTo(0.0012 + 0.005, 12);
    expect(worst).toBeCloseTo(0.003 + 0.0004 + 0.002 + 0.005, 12);
  });

  it('cannot exceed the room that the context leaves', () => {
    const [, worst] = costs({ price: price(0, 1), contextLength: 1_500 });
    expect(worst).toBeCloseTo(500 / 1e6, 12);
  });

  it('of an unknown price are a lower bound, and said to be', () => {
    const answer = planFor([endpoint('a', { price: price(1, null) })]);
    expect(answer.attempts[0]?.expectedCostUsd).toBe(0);
    expect(answer.attempts[0]?.because).toContain('price unknown');
  });
});

describe('unknown slugs (G10)', () => {
  const endpoints = [endpoint('deepinfra/turbo'), endpoint('groq')];

  it('in order and ignore have no effect and are reported', () => {
    const answer = planFor(endpoints, { request: { order: ['nobody', 'groq'], ignore: ['no-one'] } });
    expect(tried(answer)).toEqual(['groq', 'deepinfra/turbo']);
    expect(answer.unknownProviders).toEqual(['no-one', 'nobody']);
    expect(answer.warnings.join()).toContain('nobody');
  });

  it('in only never match', () => {
    const answer = planFor(endpoints, { request: { only: ['nobody'] } });
    expect(answer.attempts).toEqual([]);
    expect(answer.unknownProviders).toEqual(['nobody']);
  });

  it('are those that name neither provider, display name nor endpoint', () => {
    const request = { order: ['Deepinfra', 'DEEPINFRA/TURBO', 'groq', 'deepinfra/other'] };
    expect(planFor(endpoints, { request }).unknownProviders).toEqual(['deepinfra/other']);
  });

  it('of other layers are not the caller’s to hear of', () => {
    expect(planFor(endpoints, { key: { order: ['nobody'] } }).unknownProviders).toEqual([]);
  });
});

describe('explainPlan', () => {
  it('renders the plan in the shape of the explain answer', () => {
    const layers = {
      tenant: { zdr: true },
      key: { only: ['deepinfra', 'together'], maxPrice: { prompt: 5 } },
      request: { sort: 'price' },
    } as const;
    const together = endpoint('together', {
      dataPolicy: { trains: false, retains: true, zdr: false, retentionDays: 30, regions: ['us'] },
    });
    const answer = planFor([endpoint('deepinfra/turbo'), together], {
      ...layers,
      seed: 42,
      facts: { parameters: ['max_tokens', 'seed', 'tools'], maxOutputTokens: 512, inputModalities: ['text'] },
    });
    expect(explainPlan(answer, merged(layers), 'plan_1')).toEqual({
      object: 'routing.plan',
      id: 'plan_1',
      catalog_version: 'test',
      policy_hash: merged(layers).hash,
      seed: 42,
      facts: {
        models: ['acme/m1'],
        features: ['tools'],
        prompt_tokens_estimate: 1000,
        max_output_tokens: 512,
        stream: false,
      },
      policy: {
        only: [{ value: ['deepinfra', 'together'], layer: 'key' }],
        zdr: { value: true, layer: 'tenant' },
        max_price: { prompt: { value: 5, layer: 'key' } },
        sort: { value: 'price', layer: 'request' },
      },
      attempts: [
        {
          rank: 1,
          model: 'acme/m1',
          provider: 'deepinfra',
          endpoint: 'deepinfra/turbo',
          expected_cost_usd: 0.002024,
          worst_case_cost_usd: 0.002024,
          first_choice_probability: 1,
          because: ['sort price', 'healthy'],
        },
      ],
      rejected: [
        {
          model: 'acme/m1',
          provider: 'together',
          endpoint: 'together',
          reasons: [{ code: 'data_policy:zdr', layer: 'tenant', detail: 'zdr required, endpoint retains data' }],
        },
      ],
      error: null,
      warnings: [],
    });
  });

  it('says of the first choice how it came about', () => {
    expect(planFor([endpoint('a')]).attempts[0]?.because).toEqual(['price^-2 draw', 'healthy']);
  });

  it('holds the error of a plan without attempts', () => {
    const answer = planFor([endpoint('a')], { request: { only: ['b'] } });
    expect(explainPlan(answer, merged({}), 'plan_2')['error']).toEqual(answer.error);
  });
});
