import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import Anthropic from '@anthropic-ai/sdk';
import type { JsonObject } from '@switchyard/contract';
import { HealthTracker } from '@switchyard/dispatch';
import OpenAI from 'openai';
import supertest from 'supertest';
import { loadConfig } from '../config/load-config.js';
import { Lifecycle } from '../edge/lifecycle.js';
import { ProcessLog } from '../process/process-log.js';
import { Planner } from '../stops/planner.js';
import { StickySessions } from '../stops/sticky-sessions.js';
import { ControlModule } from './control.module.js';
import { ModelAccess } from './model-access.js';
import { PLANNING_SERVICE } from './planning.js';
import { openGate } from '../edge/gate.fixture.js';
import { Gate } from '../edge/gate.js';
import { LEDGER_READER } from './ledger-reader.js';
import { loadedFrom, RuntimeState } from './runtime-state.js';

const CONFIG = `
catalog: { builtin: false }
routing: { seed: 42, policy: { ignore: [shunned] } }
server: { max_body_mib: 0.01, max_body_depth: 16 }
providers:
  - { id: deepinfra, name: DeepInfra, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: main, api_key: upstream-secret }], data_policy: { trains: false, retains: false, zdr: true, retention_days: 0, regions: [us] } }
  - { id: together, name: Together, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: main, api_key: upstream-secret }], data_policy: { trains: true } }
  - { id: shunned, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: main, api_key: upstream-secret }] }
  - { id: keyless, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1" }
models:
  - id: acme/m1
    name: Acme M1
    description: The first.
    created: 2026-01-01
    aliases: [m1]
    distillable: true
    context_length: 131072
    max_output_tokens: 16384
    modalities: { input: [text, image], output: [text] }
    traits: { efforts: [low, high], thinking_optional: false }
    endpoints:
      - { provider: deepinfra, tag: deepinfra/turbo, upstream_model: m1-turbo, quantization: fp8, price: { prompt: 0.1, completion: 0.3, cache_read: 0.02, cache_write: 0.12, cache_write_1h: 0.2, image: 0.001, request: 0 }, price_tiers: [{ above_prompt_tokens: 100000, prompt: 0.2, completion: 0.6 }], supported_parameters: [tools, seed] }
      - { provider: deepinfra, tag: deepinfra/flex, service_tier: flex, price: { prompt: 0.05, completion: 0.15 } }
      - { provider: together, price: { prompt: 3, completion: 9 }, context_length: 65536, max_output_tokens: 8192, supported_parameters: [temperature] }
  - id: acme/m2
    created: 2026-02-02
    endpoints: [{ provider: together, price: { completion: 2 } }]
  - id: beta/hidden
    endpoints: [{ provider: shunned, price: { prompt: 1, completion: 1 } }, { provider: keyless, price: { prompt: 1, completion: 1 } }]
tenants: [{ id: strict, policy: { zdr: true } }]
keys:
  - { id: open, key: sk-open-0123456789 }
  - { id: private, tenant: strict, key: sk-private-0123456789 }
  - { id: capped, key: sk-capped-0123456789, policy: { max_price: { prompt: 0.1 } } }
  - { id: narrow, key: sk-narrow-0123456789, policy: { models: [acme/m2] } }
  - { id: mute, key: sk-mute-0123456789, permissions: [inference] }
`;

const OPEN = 'sk-open-0123456789';
const ANTHROPIC = { 'anthropic-version': '2023-06-01' };

const state = new RuntimeState(
  loadedFrom(loadConfig({ path: null, text: CONFIG, environment: {}, secrets: 'throwaway' }).config),
);
const { config } = state.current;
const health = new HealthTracker(
  { nowMs: () => 0, random: () => 0, onEvent: () => undefined },
  config.health,
  config.catalog,
);
const lifecycle = new Lifecycle();
const logged: unknown[] = [];

@Module({})
class SharedModule {
  static of(): DynamicModule {
    const exported = [
      { provide: RuntimeState, useValue: state },
      { provide: Lifecycle, useValue: lifecycle },
      { provide: ProcessLog, useValue: { logger: { error: (line: unknown) => logged.push(line) } } },
      { provide: Gate, useValue: openGate() },
      { provide: LEDGER_READER, useValue: { find: () => Promise.resolve(null), spend: () => Promise.resolve([]) } },
      { provide: HealthTracker, useValue: health },
      StickySessions,
      { provide: PLANNING_SERVICE, useClass: Planner },
    ];
    return { module: SharedModule, providers: exported, exports: exported };
  }
}

let app: INestApplication;
let server: Server;
let url: string;

beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [ControlModule.of(SharedModule.of())] }).compile();
  app = module.createNestApplication({ bodyParser: false, logger: false });
  await app.listen(0, '127.0.0.1');
  server = app.getHttpServer() as Server;
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  lifecycle.serve();
});
afterAll(() => app.close());

function get(path: string, key = OPEN) {
  return supertest(server).get(path).set('authorization', `Bearer ${key}`);
}

function idsOf(body: { data: readonly { id: string }[] }): readonly string[] {
  return body.data.map(({ id }) => id);
}

function golden(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), 'utf8')) as JsonObject;
}

describe('the list of models', () => {
  it('has the shape of OpenRouter, with what the clients of OpenAI read', async () => {
    const { body } = await get('/v1/models').expect(200);

    expect(body).toEqual(golden('models'));
  });

  it('has the shape of Anthropic for a client that speaks its protocol', async () => {
    const { body } = await get('/v1/models').set(ANTHROPIC).expect(200);

    expect(body).toEqual(golden('models-anthropic'));
  });

  it.each([
    ['without rules', OPEN, ['acme/m1', 'acme/m2']],
    ['of a tenant with zero data retention', 'sk-private-0123456789', ['acme/m1']],
    ['with a price cap', 'sk-capped-0123456789', ['acme/m1']],
    ['with a list of models', 'sk-narrow-0123456789', ['acme/m2']],
  ])('shows a key %s what it may use, and nothing that the operator ruled out', async (_case, key, ids) => {
    expect(idsOf((await get('/v1/models', key)).body)).toEqual(ids);
    expect(idsOf((await get('/v1/models', key).set(ANTHROPIC)).body)).toEqual(ids);
  });

  it('prices a model by the endpoints the key may use', async () => {
    const promptPrice = async (key: string) => (await get('/v1/models', key)).body.data[0].pricing.prompt as string;

    expect(await promptPrice('sk-private-0123456789')).toBe('0.0000001');
    expect((await get('/v1/models/acme/m1/endpoints', 'sk-private-0123456789')).body.data.endpoints).toHaveLength(2);
    expect((await get('/v1/models/acme/m1/endpoints')).body.data.endpoints).toHaveLength(3);
  });

  it('follows a new configuration at once', async () => {
    const before = state.current;
    const text = CONFIG.replace('id: acme/m2', 'id: acme/m3');
    state.replace(loadedFrom(loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' }).config));
    try {
      expect(idsOf((await get('/v1/models')).body)).toEqual(['acme/m1', 'acme/m3']);
    } finally {
      state.replace(before);
    }
  });
});

describe('the query of the list', () => {
  it.each([
    ['q=ACME%20m1', ['acme/m1']],
    ['q=m', ['acme/m1', 'acme/m2']],
    ['q=nothing', []],
    ['supported_parameters=tools,seed', ['acme/m1']],
    ['supported_parameters=tools,temperature', []],
    ['input_modalities=image', ['acme/m1']],
    ['output_modalities=image', []],
    ['providers=Together', ['acme/m1', 'acme/m2']],
    ['providers=deepinfra', ['acme/m1']],
    ['providers=deepinfra/turbo', ['acme/m1']],
    ['model_authors=acme', ['acme/m1', 'acme/m2']],
    ['model_authors=beta', []],
    ['context=131072', ['acme/m1']],
    ['context=131073', []],
    ['max_price=0.1', ['acme/m1']],
    ['max_price=0.09', []],
    ['min_price=0.1', ['acme/m1']],
    ['max_output_price=2', ['acme/m1', 'acme/m2']],
    ['min_output_price=1', ['acme/m2']],
    ['zdr=true', ['acme/m1']],
    ['zdr=false', ['acme/m1', 'acme/m2']],
    ['distillable=true', ['acme/m1']],
    ['distillable=false', ['acme/m2']],
    ['region=us', ['acme/m1']],
    ['region=eu', []],
    ['sort=newest', ['acme/m2', 'acme/m1']],
    ['sort=pricing-low-to-high', ['acme/m1', 'acme/m2']],
    ['sort=pricing-high-to-low', ['acme/m1', 'acme/m2']],
    ['sort=context-high-to-low', ['acme/m1', 'acme/m2']],
    ['limit=1', ['acme/m1']],
    ['offset=1', ['acme/m2']],
    ['offset=9', []],
    ['unheard_of=1', ['acme/m1', 'acme/m2']],
  ])('%s finds %j', async (query, ids) => {
    expect(idsOf((await get(`/v1/models?${query}`).expect(200)).body)).toEqual(ids);
  });

  it('counts all that was found and links to the next page with the same question', async () => {
    const first = (await get('/v1/models?limit=1&q=m')).body;
    expect(first).toMatchObject({ total_count: 2, links: { next: '/v1/models?limit=1&q=m&offset=1' } });
    expect((await get(first.links.next as string)).body).toMatchObject({ total_count: 2, links: { next: null } });
  });

  it.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'offset=-1',
    'context=1.5',
    'max_price=cheap',
    'zdr=yes',
    'distillable=1',
    'sort=most-popular',
    'region=%00',
    'supported_parameters=,',
    'limit=1&limit=2',
  ])('%s is refused by name', async (query) => {
    const { body } = await get(`/v1/models?${query}`).expect(400);

    expect(body.error.param).toBe(query.split('=', 1)[0]);
  });

  it.each([
    ['limit=1', ['acme/m1'], true],
    ['limit=2', ['acme/m1', 'acme/m2'], false],
    ['after_id=acme/m1', ['acme/m2'], false],
    ['after_id=acme/m2', [], false],
    ['after_id=nobody', [], false],
    ['before_id=acme/m2', ['acme/m1'], false],
    ['before_id=acme/m1', [], false],
  ])('pages as Anthropic does: %s', async (query, ids, hasMore) => {
    const { body } = await get(`/v1/models?${query}`).set(ANTHROPIC).expect(200);

    expect(idsOf(body)).toEqual(ids);
    expect(body).toMatchObject({ has_more: hasMore, first_id: ids.at(0) ?? null, last_id: ids.at(-1) ?? null });
  });
});

describe('one model', () => {
  it.each([
    '/v1/models/acme/m1',
    '/v1/models/acme%2Fm1',
    '/v1/models/m1',
    '/v1/models/ACME/M1',
    '/v1/models/acme/m1:nitro',
  ])('is found at %s', async (path) => {
    expect((await get(path).expect(200)).body).toMatchObject({ id: 'acme/m1', object: 'model', owned_by: 'acme' });
    expect((await get(path).set(ANTHROPIC).expect(200)).body).toMatchObject({ id: 'acme/m1', type: 'model' });
  });

  it('comes under data as well where OpenRouter has it', async () => {
    const { body } = await get('/v1/models/acme/m1');

    expect(body.data).toMatchObject({ id: 'acme/m1', pricing: { prompt: '0.0000001' } });
  });

  it.each(['/v1/models/acme/m1/endpoints', '/v1/models/acme%2Fm1/endpoints', '/v1/models/m1/endpoints'])(
    'has its endpoints at %s',
    async (path) => {
      expect((await get(path).expect(200)).body).toEqual(golden('endpoints'));
    },
  );

  it('that does not exist is a 404 in the same words as one that the key may not use', async () => {
    const textOf = async (id: string, key: string) => {
      const { body } = await get(`/v1/models/${id}`, key).expect(404);
      expect(body.error).toMatchObject({ code: 'model_not_found', param: 'model' });
      return (body.error.message as string).replace(id, 'ID');
    };
    const texts = new Set([
      await textOf('acme/m9', OPEN),
      await textOf('acme/m1', 'sk-narrow-0123456789'),
      await textOf('beta/hidden', OPEN),
    ]);

    expect(texts.size).toBe(1);
  });

  it('is read by the official clients', async () => {
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: OPEN, maxRetries: 0 });
    const anthropic = new Anthropic({ baseURL: url, apiKey: OPEN, maxRetries: 0 });

    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['acme/m1', 'acme/m2']);
    expect(await openai.models.retrieve('acme/m1')).toMatchObject({ id: 'acme/m1', created: 1_767_225_600 });
    const listed: string[] = [];
    for await (const model of anthropic.models.list({ limit: 1 })) listed.push(model.id);
    expect(listed).toEqual(['acme/m1', 'acme/m2']);
    expect(await anthropic.models.retrieve('acme/m1')).toMatchObject({ display_name: 'Acme M1', max_tokens: 16_384 });
  });
});

describe('the list of providers', () => {
  it('names those that serve something the key may use', async () => {
    const slugs = async (key: string) =>
      ((await get('/v1/providers', key).expect(200)).body.data as { slug: string }[]).map(({ slug }) => slug);

    expect(await slugs(OPEN)).toEqual(['deepinfra', 'together']);
    expect(await slugs('sk-private-0123456789')).toEqual(['deepinfra']);
  });
});

describe('explain', () => {
  const BODY = { model: 'acme/m1', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] };

  function explain(body: unknown, { query = 'protocol=chat', key = OPEN } = {}) {
    return supertest(server)
      .post(`/v1/routing/explain?${query}`)
      .set('x-api-key', key)
      .send(body as object);
  }

  it.each(['chat', 'messages'])('answers with the plan of a %s request', async (protocol) => {
    const { body, headers } = await explain(BODY, { query: `protocol=${protocol}` }).expect(200);

    expect(body).toMatchObject({
      object: 'routing.plan',
      id: `plan_${String(headers['request-id']).replace('req_', '')}`,
      catalog_version: state.current.config.catalog.version,
      policy_hash: expect.any(String),
      seed: 42,
      facts: { models: ['acme/m1'], max_output_tokens: 100, stream: false },
      error: null,
    });
    expect(body.attempts[0]).toMatchObject({ rank: 1, model: 'acme/m1', provider: expect.any(String) });
    expect(body.rejected.map(({ endpoint }: { endpoint: string }) => endpoint)).toContain('deepinfra/flex');
  });

  it('says who ruled an endpoint out', async () => {
    const { body } = await explain(BODY, { key: 'sk-private-0123456789' }).expect(200);

    expect(body.attempts.map(({ endpoint }: { endpoint: string }) => endpoint)).toEqual(['deepinfra/turbo']);
    expect(body.rejected).toContainEqual(
      expect.objectContaining({
        endpoint: 'together',
        reasons: [expect.objectContaining({ code: 'data_policy:zdr', layer: 'tenant' })],
      }),
    );
  });

  it('carries the very error that the request would get when nothing is left to try', async () => {
    const body = { ...BODY, model: 'acme/m2' };
    const key = 'sk-private-0123456789';
    const chat = (await explain(body, { key }).expect(200)).body;
    const messages = await explain(body, { key, query: 'protocol=messages' }).expect(200);

    expect(chat.attempts).toEqual([]);
    expect(chat.error.error).toMatchObject({ code: 'no_eligible_endpoint', availability: expect.any(Object) });
    expect(messages.body.error).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', availability: expect.any(Object) },
      request_id: messages.headers['request-id'],
    });
  });

  it.each(['', 'protocol=responses', 'protocol=chat&protocol=messages'])(
    'refuses the query %j by name',
    async (query) => {
      expect((await explain(BODY, { query }).expect(400)).body.error).toMatchObject({ param: 'protocol' });
    },
  );

  it('needs the permission to explain', async () => {
    const { body } = await explain(BODY, { key: 'sk-mute-0123456789' }).expect(403);

    expect(body.error).toMatchObject({ type: 'permission_error', message: expect.stringContaining('"explain"') });
  });

  it.each<[string, number, string, (test: supertest.Test) => supertest.Test]>([
    [
      'that is no JSON',
      400,
      'invalid_request',
      (test) => test.set('content-type', 'application/json').send('{"model":'),
    ],
    ['that is a list', 400, 'invalid_request', (test) => test.set('content-type', 'application/json').send('[]')],
    ['of another type', 415, 'unsupported_media_type', (test) => test.set('content-type', 'text/plain').send('{}')],
    ['that is too large', 413, 'request_too_large', (test) => test.send({ model: 'x'.repeat(20_000) })],
    [
      'that is too deep',
      400,
      'invalid_request',
      (test) => test.set('content-type', 'application/json').send(`{"a":${'['.repeat(20)}${']'.repeat(20)}}`),
    ],
    [
      'with a key that reaches for prototypes',
      400,
      'invalid_request',
      (test) => test.set('content-type', 'application/json').send('{"__proto__":{}}'),
    ],
    ['with a misspelt hint', 400, 'invalid_request', (test) => test.send({ ...BODY, provider_onyl: ['x'] })],
  ])('refuses a body %s', async (_case, status, code, send) => {
    const test = supertest(server).post('/v1/routing/explain?protocol=chat').set('x-api-key', OPEN);
    const { body } = await send(test).expect(status);

    expect(body.error.code).toBe(code);
  });

  it('does not read the body of a caller it does not let in', async () => {
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${url}/v1/routing/explain?protocol=chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': 1_000 },
      });
      request.on('response', (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on('error', reject);
      request.flushHeaders();
    });

    expect(status).toBe(401);
  });
});

describe('who is let in', () => {
  const ROUTES = ['/v1/models', '/v1/models/acme/m1', '/v1/models/acme/m1/endpoints', '/v1/models/m1', '/v1/providers'];

  it.each(ROUTES)('%s takes a bearer token and x-api-key alike', async (path) => {
    await supertest(server).get(path).set('authorization', `Bearer ${OPEN}`).expect(200);
    await supertest(server).get(path).set('x-api-key', OPEN).expect(200);
  });

  it.each(ROUTES)('%s refuses no key, a wrong one, and two different ones, in one text', async (path) => {
    const answers = [
      await supertest(server).get(path).expect(401),
      await supertest(server).get(path).set('x-api-key', 'sk-wrong-0123456789').expect(401),
      await supertest(server).get(path).set('x-api-key', OPEN).set('authorization', 'Bearer sk-other').expect(401),
    ];

    expect(new Set(answers.map(({ body }) => body.error.message as string)).size).toBe(1);
    expect(answers[0]?.body.error.code).toBe('invalid_api_key');
    expect(answers[0]?.headers['x-should-retry']).toBe('false');
  });
});

describe('every answer', () => {
  it.each<[string, number, () => supertest.Test]>([
    ['a list', 200, () => get('/v1/models')],
    ['health', 200, () => supertest(server).get('/healthz')],
    ['a refusal', 401, () => supertest(server).get('/v1/models')],
    ['an unknown path', 404, () => get('/v1/nowhere')],
    ['a wrong method', 405, () => supertest(server).delete('/v1/models')],
    ['a path that cannot be decoded', 400, () => get('/v1/models/%E0%A4%A')],
  ])('has one id under both names, and is neither stored nor guessed at: %s', async (_case, status, send) => {
    const { headers } = await send().expect(status);

    expect(headers['request-id']).toMatch(/^req_[0-9a-f]{32}$/);
    expect(headers).toMatchObject({
      'x-request-id': headers['request-id'],
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-type': expect.stringContaining('application/json'),
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('has an id of its own', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await get('/v1/models')).headers['request-id']));

    expect(new Set(ids).size).toBe(3);
  });
});

describe('an error', () => {
  it('has the shape of OpenAI unless the client speaks the protocol of Anthropic', async () => {
    const openai = await get('/v1/nowhere').expect(404);
    const anthropic = await get('/v1/nowhere').set(ANTHROPIC).expect(404);
    const byPath = await get('/v1/messages/nowhere').expect(404);

    expect(openai.body.error).toMatchObject({ code: 'not_found', message: 'Unknown request URL: GET /v1/nowhere' });
    for (const { body, headers } of [anthropic, byPath]) {
      expect(body).toMatchObject({
        type: 'error',
        error: { type: 'not_found_error' },
        request_id: headers['request-id'],
      });
    }
  });

  it('of a path does not repeat its query, where a key may have been put', async () => {
    expect((await get('/v1/nowhere?api_key=sk-secret')).text).not.toContain('sk-secret');
  });

  it.each([
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/acme/m1', 'GET, HEAD'],
    ['PUT', '/v1/providers', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['GET', '/v1/routing/explain', 'POST'],
  ])('tells %s %s which methods there are', async (method, path, allow) => {
    const answer = await fetch(`${url}${path}`, { method });

    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(await answer.json()).toMatchObject({ error: { code: 'method_not_allowed' } });
  });

  it('is a 404 below a known path', async () => {
    await get('/v1/models/acme/m1/endpoints/more').expect(404);
  });

  it('of our own making is logged, and told as no more than that', async () => {
    const access = app.get(ModelAccess);
    const original = access.permitted.bind(access);
    access.permitted = () => {
      throw new Error('a secret detail');
    };
    try {
      const { body, text, headers } = await get('/v1/models').expect(500);

      expect(body.error.code).toBe('internal_error');
      expect(text).not.toContain('secret detail');
      expect(logged).toContainEqual(expect.objectContaining({ request_id: headers['request-id'] }));
    } finally {
      access.permitted = original;
    }
  });
});

describe('health', () => {
  it('is open to all, and readiness follows the life of the process', async () => {
    await supertest(server).get('/healthz').expect(200, { status: 'ok' });
    await supertest(server).get('/readyz').expect(200, { status: 'ready' });
    lifecycle.drain();
    await supertest(server).get('/readyz').expect(503, { status: 'draining' });
    await supertest(server).get('/healthz').expect(200);
  });
});
