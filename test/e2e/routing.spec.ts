import { PolicyModels, startRig } from './routing-rig.js';
import type { Rig } from './gateway-harness.js';

/** A request in both protocols: the one asked, and the same in the other. */
const PROTOCOLS = [
  ['messages', '/v1/messages'],
  ['chat', '/v1/chat/completions'],
] as const;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});

const bodyOf = (model: string, hints: object = {}) => ({
  model,
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Hi' }],
  ...hints,
});

describe.each(PROTOCOLS)('routing hints over %s', (protocol, path) => {
  it.each([
    ['provider_order', { provider_order: ['gamma', 'beta'] }, 'gamma'],
    ['the nested provider object', { provider: { order: ['beta'] } }, 'beta'],
    ['provider_only', { provider_only: ['beta'] }, 'beta'],
    ['provider_ignore', { provider_ignore: ['alpha', 'gamma'] }, 'beta'],
    ['provider_sort by price', { provider_sort: 'price' }, 'alpha'],
    ['provider_zdr', { provider_zdr: true }, 'gamma'],
    ['provider_data_collection', { provider_data_collection: 'deny', provider_sort: 'price' }, 'beta'],
    ['provider_quantizations', { provider_quantizations: ['fp8'] }, 'beta'],
    ['a price floor by cap', { provider_max_prompt_price: 0.15 }, 'alpha'],
    ['a :floor variant', { model: `${PolicyModels.open}:floor` }, 'alpha'],
  ])('obeys %s', async (_name, hints, provider) => {
    const reply = await rig.post(path, bodyOf(PolicyModels.open, hints));
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-switchyard-provider')).toBe(provider);
    expect(reply.headers.get('x-switchyard-model')).toBe(PolicyModels.open);
    expect(reply.headers.get('x-switchyard-attempts')).toBe('1');
    expect(rig.simulator.requests).toHaveLength(1);
    expect(rig.simulator.requests[0]?.provider).toBe(provider);
  });

  it('keeps hints from the upstream, and hands unknown fields on where the dialect is the same', async () => {
    const same = protocol === 'chat' ? PolicyModels.open : PolicyModels.messages;
    const hints = {
      provider_order: ['alpha'],
      provider_zdr: false,
      models: [same],
      session_id: 's-1',
      provider: { sort: 'price' },
      x_unknown: { kept: [1, 2.5, 'three'] },
    };
    const reply = await rig.post(path, bodyOf(same, hints));
    expect(reply.status).toBe(200);
    const [sent] = rig.simulator.requests;
    expect(
      Object.keys(sent?.body ?? {}).filter(
        (key) => key.startsWith('provider') || key === 'models' || key === 'session_id',
      ),
    ).toEqual([]);
    expect(sent?.body?.['x_unknown']).toEqual({ kept: [1, 2.5, 'three'] });
    expect(sent?.bodyText).toContain('"x_unknown":{"kept":[1,2.5,"three"]}');
  });

  it('answers 404 in the protocol, with reason and layer and without an upstream call, when nothing qualifies', async () => {
    const reply = await rig.post(path, bodyOf(PolicyModels.retaining, { provider_zdr: true }));
    expect(reply.status).toBe(404);
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect(reply.json).toMatchObject({
      error: {
        type: protocol === 'messages' ? 'not_found_error' : 'invalid_request_error',
        availability: {
          retryable: false,
          requested_models: [PolicyModels.retaining],
          excluded_by: expect.arrayContaining(['data_policy:zdr']) as string[],
          constraint: { layer: 'request' },
        },
      },
    });
    if (protocol === 'messages')
      expect(reply.json).toMatchObject({ type: 'error', request_id: reply.headers.get('request-id') });
    else expect(reply.json).toMatchObject({ error: { code: 'no_eligible_endpoint' } });
    expect(rig.simulator.requests).toHaveLength(0);
  });

  it.each([
    ['a misspelt hint', { provider_onyl: ['alpha'] }, 'provider_onyl'],
    ['an empty only', { provider_only: [] }, 'provider_only'],
    ['an unknown key inside provider', { provider: { zdrr: true } }, 'zdrr'],
    ['a hint of the wrong type', { provider_order: 'alpha' }, 'provider_order'],
    ['a bad enum', { provider_sort: 'cheapest' }, 'provider_sort'],
    ['a negative price', { provider_max_prompt_price: -1 }, 'provider_max_prompt_price'],
    ['two values for one hint', { provider_zdr: true, provider: { zdr: false } }, 'zdr'],
    ['too many models', { models: Array.from({ length: 9 }, (_unused, index) => `acme/m${String(index)}`) }, 'models'],
    ['a redirecting field', { api_base: 'http://127.0.0.1:1' }, 'api_base'],
  ])('refuses %s with a 400 that names it', async (_name, hints, field) => {
    const reply = await rig.post(path, bodyOf(PolicyModels.open, hints));
    expect(reply.status).toBe(400);
    expect(JSON.stringify(reply.json)).toContain(field);
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect(rig.simulator.requests).toHaveLength(0);
  });

  it('tells an unknown model and a forbidden one apart in nothing', async () => {
    const unknown = await rig.post(path, bodyOf('acme/nothing'));
    const forbidden = await rig.post(path, bodyOf(PolicyModels.forbidden));
    expect(unknown.status).toBe(404);
    expect(forbidden.status).toBe(404);
    expect(forbidden.text.replaceAll(PolicyModels.forbidden, 'X').replaceAll(/req_[0-9a-f]+/g, 'R')).toBe(
      unknown.text.replaceAll('acme/nothing', 'X').replaceAll(/req_[0-9a-f]+/g, 'R'),
    );
  });

  it('falls back to the next model of the list when the first has no endpoint left', async () => {
    const reply = await rig.post(
      path,
      bodyOf(PolicyModels.retaining, { models: [PolicyModels.open], provider_zdr: true }),
    );
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-switchyard-model')).toBe(PolicyModels.open);
  });

  it('tells the whole route when asked to', async () => {
    const reply = await rig.post(path, bodyOf(PolicyModels.open, { provider_order: ['gamma', 'nowhere'] }), {
      'x-switchyard-metadata': 'enabled',
    });
    expect(reply.json).toMatchObject({
      routing: { model: PolicyModels.open, provider: 'gamma', attempt: 1, unknown_providers: ['nowhere'], dropped: [] },
    });
  });
});

describe('what a translation cannot express', () => {
  const topK = { model: PolicyModels.open, max_tokens: 64, top_k: 5, messages: [{ role: 'user', content: 'Hi' }] };

  it('is reported as dropped', async () => {
    const reply = await rig.post('/v1/messages', topK, { 'x-switchyard-metadata': 'enabled' });
    expect(reply.json).toMatchObject({ routing: { dropped: expect.arrayContaining(['top_k']) as string[] } });
  });

  it('disqualifies the endpoint when parameters are required', async () => {
    const reply = await rig.post('/v1/messages', { ...topK, provider_require_parameters: true });
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({
      error: { availability: { excluded_by: expect.arrayContaining(['require_parameters']) as string[] } },
    });
    expect(reply.text).toContain('top_k');
  });
});

describe('explain and dispatch', () => {
  it.each(PROTOCOLS)('agree on the attempts when every upstream fails (%s)', async (protocol, path) => {
    const body = bodyOf(PolicyModels.failing, { models: [PolicyModels.alsoFailing] });
    const plan = await rig.post(`/v1/routing/explain?protocol=${protocol}`, body);
    expect(plan.status).toBe(200);
    expect(rig.simulator.requests).toHaveLength(0);
    const reply = await rig.post(path, body);
    expect(reply.status).toBe(503);
    expect(reply.headers.get('x-should-retry')).toBe('true');
    const attempts = plan.json['attempts'] as unknown as { endpoint: string }[];
    expect(attempts.length).toBeGreaterThan(3);
    expect(rig.simulator.requests.map((request) => request.provider)).toEqual(
      attempts.map((attempt) => attempt.endpoint),
    );
    expect(reply.json).toMatchObject({
      error: { metadata: { previous_errors: attempts.map(() => ({ code: 'overloaded', status: 503 })) } },
    });
  });

  it.each([
    ['throughput', ['gamma', 'beta', 'alpha']],
    ['latency', ['gamma', 'beta', 'alpha']],
    ['price', ['alpha', 'beta', 'gamma']],
  ])('rank by %s from what is assumed of endpoints before anything was observed', async (sort, order) => {
    const { json } = await rig.post(
      '/v1/routing/explain?protocol=chat',
      bodyOf(PolicyModels.untried, { provider_sort: sort }),
    );
    expect((json['attempts'] as unknown as { endpoint: string }[]).map((attempt) => attempt.endpoint)).toEqual(order);
  });

  it('explains with every candidate either attempted or rejected for a reason', async () => {
    const { json } = await rig.post(
      '/v1/routing/explain?protocol=chat',
      bodyOf(PolicyModels.open, { provider_zdr: true }),
    );
    expect(json).toMatchObject({
      object: 'routing.plan',
      seed: 42,
      error: null,
      facts: { models: [PolicyModels.open], stream: false, max_output_tokens: 64 },
      attempts: [{ rank: 1, provider: 'gamma', endpoint: 'gamma', first_choice_probability: 1 }],
    });
    const rejected = json['rejected'] as unknown as {
      endpoint: string;
      reasons: { code: string; layer: string; detail: string }[];
    }[];
    expect(rejected.map((one) => one.endpoint).sort()).toEqual(['alpha', 'beta']);
    for (const one of rejected) expect(one.reasons[0]).toMatchObject({ code: 'data_policy:zdr', layer: 'request' });
  });

  it('gives, as its error, exactly the body of the request itself', async () => {
    const body = bodyOf(PolicyModels.retaining, { provider_zdr: true });
    for (const [protocol, path] of PROTOCOLS) {
      const explained = await rig.post(`/v1/routing/explain?protocol=${protocol}`, body);
      const refused = await rig.post(path, body);
      const { request_id: _explainedId, ...explainedError } = explained.json['error'] as Record<string, unknown>;
      const { request_id: _refusedId, ...refusedError } = refused.json;
      expect(explainedError).toEqual(refusedError);
    }
  });
});
