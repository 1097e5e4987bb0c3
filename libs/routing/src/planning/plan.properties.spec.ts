import type {
  CatalogSnapshot,
  DataPolicy,
  Endpoint,
  HealthView,
  Plan,
  PolicyRules,
  RequestFacts,
} from '@switchyard/contract';
import { QUANTIZATIONS, SORT_KEYS } from '@switchyard/contract';
import fc from 'fast-check';
import { mergePolicy } from '../policy/merge-policy.js';
import type { PolicyByLayer } from '../policy/merge-policy.js';
import { catalog, endpoint, facts, healthOf, model, price, provider } from '../testing/fixtures.js';
import { plan } from './plan.js';
import { recheck } from './recheck.js';

/** Laws of the policy engine over random catalogues, policies, requests and health. */

const HOSTS = ['a', 'b', 'c', 'd'];
const MODELS = ['acme/m1', 'acme/m2', 'other/m3'];
const PARAMETERS = ['tools', 'response_format', 'seed', 'top_k'];
const SLUGS = [...HOSTS, 'a/turbo', 'b/turbo', 'C', 'nobody'];

const known = fc.option(fc.boolean());
const dataPolicy: fc.Arbitrary<DataPolicy> = fc.record({
  trains: known,
  retains: known,
  zdr: known,
  retentionDays: fc.constant(null),
  regions: fc.subarray(['us', 'eu']),
});

const usd = fc.constantFrom(0, 0.1, 0.57, 1, 3, null);
const someEndpoint: fc.Arbitrary<Endpoint> = fc
  .record({
    host: fc.constantFrom(...HOSTS),
    suffix: fc.constantFrom('', '/turbo', '/flex', '/priority'),
    price: fc.tuple(usd, usd),
    fields: fc.record({
      quantization: fc.option(fc.constantFrom(...QUANTIZATIONS)),
      contextLength: fc.constantFrom(null, 1_000, 10_000),
      maxOutputTokens: fc.constantFrom(null, 100, 1_000),
      supportedParameters: fc.option(fc.subarray(PARAMETERS).map((names) => new Set(names))),
      dataPolicy,
      prior: fc.record({ throughput: fc.constantFrom(null, 10, 90), latency: fc.constantFrom(null, 0.5, 2) }),
    }),
  })
  .map(({ host, suffix, price: [prompt, completion], fields }) =>
    endpoint(host + suffix, {
      ...fields,
      provider: provider(host, { dataPolicy: fields.dataPolicy }),
      price: price(prompt, completion),
      serviceTier: suffix === '/flex' ? 'flex' : suffix === '/priority' ? 'priority' : 'default',
    }),
  );

const someCatalog: fc.Arbitrary<CatalogSnapshot> = fc
  .tuple(
    ...MODELS.map((id) =>
      fc
        .tuple(fc.uniqueArray(someEndpoint, { selector: ({ tag }) => tag, maxLength: 8 }), known)
        .map(([endpoints, distillable]) => model(id, endpoints, { distillable })),
    ),
  )
  .map((models) => catalog(...models));

const cap = fc.constantFrom(0, 0.1, 0.57, 2);
/** What only forbids. */
const someConstraints: fc.Arbitrary<PolicyRules> = fc.record(
  {
    only: fc.subarray(SLUGS, { minLength: 1 }),
    ignore: fc.subarray(SLUGS, { maxLength: 2 }),
    zdr: fc.boolean(),
    dataCollection: fc.constantFrom('allow', 'deny'),
    enforceDistillableText: fc.boolean(),
    requireParameters: fc.boolean(),
    quantizations: fc.subarray([...QUANTIZATIONS]),
    maxPrice: fc.record({ prompt: cap, completion: cap, request: cap, image: cap }, { requiredKeys: [] }),
    regions: fc.subarray(['us', 'eu'], { minLength: 1 }),
    models: fc.subarray(['acme/*', 'acme/m1', '*/m3', '*']),
  },
  { requiredKeys: [] },
);
const someRules: fc.Arbitrary<PolicyRules> = fc
  .tuple(
    someConstraints,
    fc.record(
      {
        order: fc.subarray(SLUGS),
        sort: fc.constantFrom(...SORT_KEYS),
        partition: fc.constantFrom('model', 'none'),
        allowFallbacks: fc.boolean(),
        preferredMinThroughput: fc.constant({ p50: 50 }),
        preferredMaxLatency: fc.constant({ p50: 1 }),
        sticky: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([constraints, ordering]) => ({ ...constraints, ...ordering }));

const layer = fc.option(someRules, { freq: 1 });
const someLayers: fc.Arbitrary<PolicyByLayer> = fc.record({
  operator: layer,
  tenant: layer,
  key: layer,
  request: layer,
});

const someFacts: fc.Arbitrary<RequestFacts> = fc
  .record({
    models: fc.shuffledSubarray([...MODELS, 'acme/m1:nitro', 'acme/m2:floor', 'none/such'], {
      minLength: 1,
      maxLength: 3,
    }),
    parameters: fc.subarray(PARAMETERS),
    promptTokensEstimate: fc.constantFrom(0, 500, 5_000),
    maxOutputTokens: fc.constantFrom(null, 50, 500, 5_000),
    serviceTier: fc.constantFrom(null, null, 'flex', 'priority', 'default'),
  })
  .map((fields) => facts(fields));

const someHealth: fc.Arbitrary<HealthView> = fc
  .dictionary(
    fc.constantFrom(...HOSTS, 'a/turbo', 'b/flex'),
    fc.record({
      band: fc.constantFrom('healthy', 'degraded', 'down', 'outage'),
      circuitOpen: fc.boolean(),
      toolSuccess: fc.constantFrom(null, 0.2, 0.9, 1),
    }),
  )
  .map(healthOf);

interface Situation {
  readonly catalog: CatalogSnapshot;
  readonly layers: PolicyByLayer;
  readonly facts: RequestFacts;
  readonly health: HealthView;
  readonly seed: number;
  readonly maxAttempts: number;
  readonly stickyEndpoint: string | null;
}

const someSituation: fc.Arbitrary<Situation> = fc.record({
  catalog: someCatalog,
  layers: someLayers,
  facts: someFacts,
  health: someHealth,
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  maxAttempts: fc.constantFrom(1, 3, 8, 100),
  stickyEndpoint: fc.option(fc.constantFrom('a', 'b/turbo')),
});

function planOf({ layers, ...input }: Situation): Plan {
  return plan({ ...input, policy: mergePolicy(layers) });
}

const RUNS = 400;

function holds(law: (situation: Situation) => void, numRuns = RUNS): void {
  fc.assert(fc.property(someSituation, law), { numRuns });
}

/** Every endpoint of the catalogue that no hard filter excludes, tiers that were not asked for apart. */
function permitted(situation: Situation, layers: PolicyByLayer): ReadonlySet<string> {
  const policy = mergePolicy(layers);
  const names = new Set<string>();
  for (const entry of situation.catalog.models) {
    for (const target of entry.endpoints) {
      const reasons = recheck(policy, situation.facts, entry, target).filter(({ code }) => code !== 'service_tier');
      if (reasons.length === 0) names.add(`${entry.id} ${target.tag}`);
    }
  }
  return names;
}

function keysOf(answer: Plan): readonly string[] {
  return answer.attempts.map((attempt) => `${attempt.model.id} ${attempt.endpoint.tag}`);
}

const STRICT: readonly PolicyRules[] = [
  { zdr: true },
  { dataCollection: 'deny' },
  { regions: ['eu'] },
  { only: ['a', 'b'] },
  { ignore: ['a'] },
  { enforceDistillableText: true },
  { requireParameters: true },
  { quantizations: ['fp8', 'unknown'] },
  { maxPrice: { prompt: 0.57 } },
  { models: ['acme/*'] },
];

describe('plans', () => {
  it('are the same for the same inputs and seed', () => {
    holds((situation) => expect(planOf(situation)).toEqual(planOf(situation)));
  });

  it('depend on the seed only in whose turn comes first', () => {
    holds((situation) => {
      const other = planOf({ ...situation, maxAttempts: 100, seed: situation.seed ^ 0x5bd1e995 });
      const whole = planOf({ ...situation, maxAttempts: 100 });
      expect(keysOf(other).toSorted()).toEqual(keysOf(whole).toSorted());
    });
  });

  it('account for every endpoint of every model: attempted, rejected with reasons, or counted as beyond the limit', () => {
    holds((situation) => {
      const answer = planOf(situation);
      const asked = new Set(situation.facts.models.map((id) => situation.catalog.resolve(id)?.model));
      const all = [...asked].reduce((sum, entry) => sum + (entry?.endpoints.length ?? 0), 0);
      const beyond = answer.warnings.map((text) => Number(/^(\d+) more endpoint/.exec(text)?.[1] ?? 0));
      expect(answer.attempts.length + answer.rejected.length + beyond.reduce((a, b) => a + b, 0)).toBe(all);
      expect(answer.rejected.every(({ reasons }) => reasons.length > 0)).toBe(true);
      const mentioned = [...keysOf(answer), ...answer.rejected.map((entry) => `${entry.model} ${entry.endpoint}`)];
      expect(new Set(mentioned).size).toBe(mentioned.length);
    });
  });

  it('have an error exactly when they have no attempts, and never more attempts than the limit', () => {
    holds((situation) => {
      const answer = planOf(situation);
      expect(answer.error === null).toBe(answer.attempts.length > 0);
      expect(answer.attempts.length).toBeLessThanOrEqual(situation.maxAttempts);
      expect(answer.attempts.map(({ rank }) => rank)).toEqual(answer.attempts.map((_, index) => index + 1));
    });
  });

  it('give every leading chance to somebody, and none to more than one when nothing is drawn', () => {
    holds((situation) => {
      const { attempts } = planOf({ ...situation, maxAttempts: 100 });
      if (attempts.length === 0) return;
      const sum = attempts.reduce((total, attempt) => total + attempt.firstChoiceProbability, 0);
      expect(sum).toBeCloseTo(1, 9);
      expect(attempts[0]?.firstChoiceProbability).toBeGreaterThan(0);
    });
  });

  it('hold only what every hard filter lets through when asked again', () => {
    holds((situation) => {
      const policy = mergePolicy(situation.layers);
      for (const { model: entry, endpoint: target } of planOf(situation).attempts) {
        expect(recheck(policy, situation.facts, entry, target)).toEqual([]);
      }
    });
  });
});

describe('privacy fails closed', () => {
  it.each(['operator', 'tenant', 'key', 'request'] as const)(
    'whatever else is asked, when the %s asks for it',
    (from) => {
      holds((situation) => {
        const rules = { ...situation.layers[from], zdr: true, dataCollection: 'deny', regions: ['eu'] } as const;
        const answer = planOf({ ...situation, layers: { ...situation.layers, [from]: rules } });
        for (const { endpoint: target } of answer.attempts) {
          expect(target.dataPolicy.zdr).toBe(true);
          expect(target.dataPolicy.trains).toBe(false);
          expect(target.dataPolicy.regions).toEqual(['eu']);
        }
      });
    },
  );
});

describe('a constraint', () => {
  it.each(STRICT.map((rules) => [JSON.stringify(rules), rules] as const))(
    '%s never adds an endpoint',
    (_name, added) => {
      holds((situation) => {
        const { layers } = situation;
        // The layer of the caller's own tenant is left free for the constraint, so that nothing is replaced by it.
        const before = permitted(situation, { ...layers, tenant: null });
        for (const name of permitted(situation, { ...layers, tenant: added })) expect(before).toContain(name);
      });
    },
  );

  it('never adds an attempt, where what is left is not chosen by comparison', () => {
    fc.assert(
      fc.property(someSituation, someConstraints, (situation, added) => {
        const plain: Situation = {
          ...situation,
          facts: facts({ ...situation.facts, parameters: ['seed'], serviceTier: null }),
          health: healthOf(),
          maxAttempts: 100,
          layers: {
            operator: null,
            tenant: null,
            key: situation.layers.key && { ...situation.layers.key, allowFallbacks: true },
            request: null,
          },
        };
        const before = keysOf(planOf(plain));
        for (const name of keysOf(planOf({ ...plain, layers: { ...plain.layers, operator: added } })))
          expect(before).toContain(name);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a request', () => {
  it('never reaches what operator, tenant and key forbid', () => {
    holds((situation) => {
      const allowed = permitted(situation, { ...situation.layers, request: null });
      for (const name of keysOf(planOf(situation))) expect(allowed).toContain(name);
    });
  });
});
