import type { Endpoint, JsonObject, Plan } from '@switchyard/contract';
import { catalog, endpoint, facts, model, price, provider, UNKNOWN_POLICY } from '../testing/fixtures.js';
import { planFor } from '../testing/plan-for.js';
import type { Case } from '../testing/plan-for.js';

const DEEPINFRA = endpoint('deepinfra/turbo');
const GROQ = endpoint('groq', { dataPolicy: UNKNOWN_POLICY });

function availabilityOf(answer: Plan): JsonObject {
  return answer.error?.availability ?? {};
}

function refused(endpoints: readonly Endpoint[], which: Case): Plan {
  const answer = planFor(endpoints, which);
  expect(answer.attempts).toEqual([]);
  return answer;
}

it('there is no error while anything can be tried', () => {
  expect(planFor([DEEPINFRA, GROQ], { request: { zdr: true } }).error).toBeNull();
});

describe('nothing satisfies the policy (G1, G2, G14)', () => {
  it.each<[string, Case, string, string, string | null]>([
    ['only', { request: { only: ['azure'] } }, 'no_endpoints', 'allowed_providers', 'request'],
    ['only of the key', { key: { only: ['azure'] } }, 'no_endpoints', 'allowed_providers', 'key'],
    ['ignore', { tenant: { ignore: ['deepinfra', 'groq'] } }, 'no_endpoints', 'ignored_providers', 'tenant'],
    [
      'a closed order',
      { request: { order: ['azure'], allowFallbacks: false } },
      'no_endpoints',
      'fallbacks_disabled',
      'request',
    ],
    ['max_price', { key: { maxPrice: { prompt: 0.1 } } }, 'constraint_filtered', 'max_price', 'key'],
    ['quantization', { request: { quantizations: ['fp8'] } }, 'constraint_filtered', 'quantization', 'request'],
    [
      'require_parameters',
      { request: { requireParameters: true }, facts: { parameters: ['seed'] } },
      'constraint_filtered',
      'require_parameters',
      'request',
    ],
    ['regions', { operator: { regions: ['eu'] } }, 'constraint_filtered', 'data_region', 'operator'],
    ['modality', { facts: { inputModalities: ['text', 'video'] } }, 'constraint_filtered', 'modality', null],
    [
      'distillation',
      { request: { enforceDistillableText: true } },
      'privacy_restricted',
      'distillable_text',
      'request',
    ],
    [
      'an output longer than any gives',
      { facts: { maxOutputTokens: 20_000 } },
      'constraint_filtered',
      'context_length',
      null,
    ],
  ])('%s', (_name, which, code, excludedBy, layer) => {
    const answer = refused([DEEPINFRA, GROQ], which);
    expect(answer.error?.code).toBe('no_eligible_endpoint');
    expect(availabilityOf(answer)).toMatchObject({
      code,
      retryable: false,
      requested_models: ['acme/m1'],
      affected_providers: ['deepinfra', 'groq'],
      excluded_by: [excludedBy],
      constraint: { layer },
      docs_url: `docs/errors.md#${code}`,
    });
  });

  it.each([
    [{ tenant: { zdr: true } }, 'data_policy:zdr', 'zdr'],
    [{ tenant: { dataCollection: 'deny' } }, 'data_policy:training', 'data_collection'],
  ] as const)('privacy: %j', (which, excludedBy, field) => {
    const answer = refused([GROQ], which);
    expect(availabilityOf(answer)).toMatchObject({
      code: 'privacy_restricted',
      excluded_by: [excludedBy],
      constraint: { field, layer: 'tenant' },
    });
  });

  it('names every filter, sorted, whose rules they are, who serves the model and what is permitted', () => {
    const answer = refused([DEEPINFRA, GROQ], { tenant: { zdr: true }, request: { only: ['groq', 'azure'] } });
    expect(availabilityOf(answer)['excluded_by']).toEqual(['allowed_providers', 'data_policy:zdr']);
    for (const words of [
      'acme/m1',
      'deepinfra, groq',
      'allowed_providers of the request',
      'only permits groq, azure',
      'data_policy:zdr of the tenant',
    ]) {
      expect(answer.error?.message).toContain(words);
    }
  });

  it('names the parameter that nobody supports', () => {
    const answer = refused([endpoint('a', { supportedParameters: new Set(['tools']) })], {
      request: { requireParameters: true },
      facts: { parameters: ['logit_bias', 'tools'] },
    });
    expect(answer.error?.message).toContain('logit_bias');
    expect(answer.error?.message).not.toContain('tools');
    expect((availabilityOf(answer)['constraint'] as JsonObject)['field']).toBe('require_parameters');
  });

  it('names the constraint that alone keeps the closest endpoint out', () => {
    const far = ['far/1', 'far/2'].map((tag) => endpoint(tag, { dataPolicy: UNKNOWN_POLICY, quantization: 'int4' }));
    const near = endpoint('near', { price: price(9, 9) });
    const answer = refused([...far, near], { key: { zdr: true, maxPrice: { prompt: 1 }, quantizations: ['unknown'] } });
    expect(availabilityOf(answer)).toMatchObject({
      code: 'constraint_filtered',
      constraint: { field: 'max_price', layer: 'key' },
    });
    expect(availabilityOf(answer)['excluded_by']).toEqual(['data_policy:zdr', 'max_price', 'quantization']);
  });

  it('names privacy before the choice of providers, when either alone would do', () => {
    const answer = refused([DEEPINFRA, GROQ], { request: { ignore: ['deepinfra'], zdr: true } });
    expect(availabilityOf(answer)).toMatchObject({ code: 'privacy_restricted', constraint: { field: 'zdr' } });
  });

  it('leaves out endpoints that would have had to be asked for', () => {
    const priority = endpoint('groq/priority', { serviceTier: 'priority', dataPolicy: UNKNOWN_POLICY });
    const answer = refused([GROQ, priority], { request: { zdr: true } });
    expect(availabilityOf(answer)['excluded_by']).toEqual(['data_policy:zdr']);
  });

  it('says when only the credential is missing', () => {
    const answer = refused([endpoint('x', { provider: provider('x', { credentials: [] }) })], {});
    expect(availabilityOf(answer)).toMatchObject({ code: 'no_endpoints', excluded_by: ['credential_missing'] });
  });

  it('says when no endpoint is configured at all', () => {
    const answer = refused([], {});
    expect(answer.error?.code).toBe('no_eligible_endpoint');
    expect(availabilityOf(answer)).toEqual({
      code: 'no_endpoints',
      retryable: false,
      requested_models: ['acme/m1'],
      docs_url: 'docs/errors.md#no_endpoints',
    });
  });
});

describe('fallback_models', () => {
  const models = catalog(
    model('acme/m1', [GROQ]),
    model('acme/m2', [DEEPINFRA]),
    model('acme/m3', [GROQ]),
    model('acme/no-tools', [endpoint('deepinfra', { supportedParameters: new Set() })]),
    model('other/m1', [DEEPINFRA]),
  );

  it('are models of the same author that would pass the same rules and do what the request uses', () => {
    const answer = planFor([], { catalog: models, request: { zdr: true }, facts: { parameters: ['tools'] } });
    expect(availabilityOf(answer)['fallback_models']).toEqual(['acme/m2']);
  });

  it('never name a model that the key may not use', () => {
    const answer = planFor([], { catalog: models, request: { zdr: true }, key: { models: ['acme/m1'] } });
    expect(availabilityOf(answer)['fallback_models']).toBeUndefined();
  });
});

describe('a model that does not exist, and one that the key may not use (G20)', () => {
  const models = catalog(model('acme/m1', [DEEPINFRA]));
  const errorFor = (id: string, which: Case = {}) =>
    planFor([], { catalog: models, facts: { models: [id] }, ...which }).error;

  it('read the same in every word', () => {
    const unknown = errorFor('acme/m9');
    expect(unknown?.code).toBe('model_not_found');
    const forbidden = errorFor('acme/m1', { key: { models: ['other/*'] } });
    expect(JSON.stringify(forbidden).replaceAll('acme/m1', 'acme/m9')).toBe(JSON.stringify(unknown));
  });

  it('read the same next to each other', () => {
    const which: Case = { key: { models: ['other/*'] } };
    const error = planFor([], { catalog: models, ...which, facts: { models: ['acme/m1', 'acme/m9'] } }).error;
    expect(error?.message).toBe('The models `acme/m1`, `acme/m9` do not exist or you do not have access to them.');
    expect(error?.availability).toEqual({
      code: 'model_not_found',
      retryable: false,
      requested_models: ['acme/m1', 'acme/m9'],
      docs_url: 'docs/errors.md#model_not_found',
    });
  });

  it('are not mentioned where another model is refused for other reasons', () => {
    const two = catalog(model('acme/m1', [DEEPINFRA]), model('acme/m2', [GROQ]));
    const answer = planFor([], {
      catalog: two,
      facts: { models: ['acme/m1', 'acme/m2'] },
      key: { models: ['acme/m2'], zdr: true },
    });
    expect(answer.error?.code).toBe('no_eligible_endpoint');
    expect(availabilityOf(answer)['excluded_by']).toEqual(['data_policy:zdr']);
    expect(availabilityOf(answer)['affected_providers']).toEqual(['groq']);
  });

  it('repeat no more of an id than is needed to recognise it', () => {
    expect(errorFor('x'.repeat(100_000))?.message.length).toBeLessThan(400);
  });
});

describe('a prompt that is too long', () => {
  const small = endpoint('small', { contextLength: 1_000 });
  const large = endpoint('large', { contextLength: 2_000 });

  it('for every endpoint is said in the words that clients parse', () => {
    const answer = planFor([small, large], { facts: { promptTokensEstimate: 2_001 } });
    expect(answer.error?.code).toBe('context_length_exceeded');
    expect(answer.error?.message).toBe('prompt is too long: 2001 tokens > 2000 maximum');
    expect(availabilityOf(answer)).toMatchObject({ code: 'constraint_filtered', excluded_by: ['context_length'] });
  });

  it('counts only for the endpoints that the rules leave', () => {
    const answer = planFor([small, large], { facts: { promptTokensEstimate: 1_500 }, key: { only: ['small'] } });
    expect(answer.error?.message).toBe('prompt is too long: 1500 tokens > 1000 maximum');
  });

  it('together with the output is said as such', () => {
    const answer = planFor([small], { facts: { promptTokensEstimate: 600, maxOutputTokens: 500 } });
    expect(answer.error?.code).toBe('context_length_exceeded');
    expect(answer.error?.message).toContain('600 + 500 > 1000');
  });

  it('is not the matter when a longer context exists but another rule excludes everybody', () => {
    const answer = planFor([small, large], { facts: { promptTokensEstimate: 1_500 }, request: { only: ['azure'] } });
    expect(answer.error?.code).toBe('no_eligible_endpoint');
  });
});

it('the error is made of the facts as sent', () => {
  expect(
    planFor([], { facts: { ...facts(), models: ['acme/m1:floor'] } }).error?.availability['requested_models'],
  ).toEqual(['acme/m1:floor']);
});
