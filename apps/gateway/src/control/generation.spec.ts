import 'reflect-metadata';
import type { Server } from 'node:http';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { GatewayError, ZERO_USAGE } from '@switchyard/contract';
import type { Spend, UsageRecord } from '@switchyard/metering';
import supertest from 'supertest';
import { loadConfig } from '../config/load-config.js';
import { ProcessLog } from '../process/process-log.js';
import { openGate } from '../edge/gate.fixture.js';
import { Gate } from '../edge/gate.js';
import { ErrorFilter } from './error.filter.js';
import { GenerationController } from './generation.controller.js';
import { recordJson } from './generation-record.js';
import { KeyInfoController } from './key-info.controller.js';
import { LEDGER_READER } from './ledger-reader.js';
import type { LedgerReader } from './ledger-reader.js';
import { loadedFrom, RuntimeState } from './runtime-state.js';

const CONFIG = `
catalog: { builtin: false }
tenants:
  - { id: acme, limits: { requests_per_minute: 100, budget_usd: { month: 20 } } }
  - { id: other }
  - { id: watched, limits: { mode: shadow, requests_per_minute: 5, budget_usd: { day: 1 } } }
keys:
  - { id: ci, tenant: acme, key: sk-ci-0123456789, label: CI, expires_at: 2999-01-01T00:00:00Z, limits: { requests_per_minute: 600, concurrency: 3, budget_usd: { day: 0.3, total: 100 } } }
  - { id: colleague, tenant: acme, key: sk-colleague-0123456789, permissions: [inference] }
  - { id: stranger, tenant: other, key: sk-stranger-0123456789 }
  - { id: watched, tenant: watched, key: sk-watched-0123456789 }
`;

const ID = '0123456789abcdef0123456789abcdef';

const RECORD: UsageRecord = {
  id: ID,
  createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  tenant: 'acme',
  keyId: 'ci',
  protocol: 'messages',
  model: 'acme/m1',
  provider: 'together',
  endpoint: 'together',
  status: 'completed',
  streamed: true,
  finishReason: 'max-tokens',
  errorCode: null,
  usage: {
    uncachedInput: 1,
    cacheRead: 2,
    cacheWrite5m: 4,
    cacheWrite1h: 8,
    audioInput: 16,
    output: 32,
    reasoning: 64,
    imageOutput: 128,
    audioOutput: 256,
    webSearches: 512,
  },
  usageSource: 'upstream',
  images: 1,
  costNanoUsd: 290_000_001,
  costInputNanoUsd: 90_000_000,
  byokCostNanoUsd: null,
  costIncomplete: false,
  latencyMs: 812.4,
  firstTokenMs: 120.5,
  upstreamId: 'msg_upstream',
  priceVersion: 'v1',
  attempts: [
    { model: 'acme/m1', provider: 'groq', endpoint: 'groq', status: 503, errorClass: 'overloaded', latencyMs: 3.5 },
    { model: 'acme/m1', provider: 'together', endpoint: 'together', status: 200, errorClass: null, latencyMs: 800 },
  ],
};

const NOTHING: Omit<Spend, 'level' | 'id'> = { dayNanoUsd: 0, monthNanoUsd: 0, totalNanoUsd: 0 };

/** A ledger with one record and what the test puts into it. */
class Ledger implements LedgerReader {
  isAway = false;
  spent: Readonly<Record<string, Omit<Spend, 'level' | 'id'>>> = {};

  async find(id: string): Promise<UsageRecord | null> {
    this.refuseWhenAway();
    return id === ID ? RECORD : null;
  }

  async spend(owners: Parameters<LedgerReader['spend']>[0]): Promise<readonly Spend[]> {
    this.refuseWhenAway();
    return owners.map((owner) => ({ ...owner, ...(this.spent[`${owner.level} ${owner.id}`] ?? NOTHING) }));
  }

  private refuseWhenAway(): void {
    if (this.isAway) throw new GatewayError('temporarily_unavailable', 'The ledger is away.', { retryAfterS: 5 });
  }
}

let app: INestApplication;
let server: Server;
let ledger: Ledger;

beforeEach(async () => {
  ledger = new Ledger();
  const { config } = loadConfig({ path: null, text: CONFIG, environment: {}, secrets: 'throwaway' });
  const providers = [
    { provide: RuntimeState, useValue: new RuntimeState(loadedFrom(config)) },
    { provide: ProcessLog, useValue: { logger: { error: () => {} } } },
    { provide: Gate, useValue: openGate() },
    { provide: LEDGER_READER, useValue: ledger },
    { provide: APP_FILTER, useClass: ErrorFilter },
  ];
  const controllers = [GenerationController, KeyInfoController];
  @Module({ controllers, providers })
  class TestModule {}
  app = (await Test.createTestingModule({ imports: [TestModule] }).compile()).createNestApplication({ logger: false });
  await app.init();
  server = app.getHttpServer() as Server;
});
afterEach(() => app.close());

function get(path: string, key = 'ci') {
  return supertest(server).get(path).set('authorization', `Bearer sk-${key}-0123456789`);
}

describe('a usage record', () => {
  it('is shown with ids, totals, disjoint counts and exact money', () => {
    expect(recordJson(RECORD)).toEqual({
      id: `gen_${ID}`,
      request_id: `req_${ID}`,
      key_id: 'ci',
      tenant: 'acme',
      created_at: '2026-01-02T03:04:05.678Z',
      protocol: 'messages',
      model: 'acme/m1',
      provider: 'together',
      endpoint: 'together',
      attempts: [
        {
          model: 'acme/m1',
          provider: 'groq',
          endpoint: 'groq',
          status: 503,
          error_class: 'overloaded',
          latency_ms: 3.5,
        },
        {
          model: 'acme/m1',
          provider: 'together',
          endpoint: 'together',
          status: 200,
          error_class: null,
          latency_ms: 800,
        },
      ],
      status: 'completed',
      cancelled: false,
      streamed: true,
      finish_reason: 'max_tokens',
      error: null,
      usage_source: 'upstream',
      tokens_prompt: 31,
      tokens_completion: 480,
      tokens_cached: 2,
      tokens_cache_write: 12,
      tokens_reasoning: 64,
      usage: {
        uncached_input: 1,
        cache_read: 2,
        cache_write_5m: 4,
        cache_write_1h: 8,
        audio_input: 16,
        output: 32,
        reasoning: 64,
        image_output: 128,
        audio_output: 256,
        web_searches: 512,
      },
      images: 1,
      is_byok: false,
      upstream_inference_cost: null,
      total_cost: 0.290000001,
      cost_nano_usd: 290_000_001,
      cost_input_nano_usd: 90_000_000,
      cost_incomplete: false,
      latency_ms: 812.4,
      first_token_ms: 120.5,
      upstream_id: 'msg_upstream',
      price_version: 'v1',
    });
  });

  it.each([
    ['messages', 'end', 'end_turn'],
    ['chat', 'end', 'stop'],
    ['messages', 'tool-use', 'tool_use'],
    ['chat', 'tool-use', 'tool_calls'],
    ['chat', 'max-tokens', 'length'],
    ['chat', 'content-filter', 'content_filter'],
    ['messages', 'pause', 'pause_turn'],
    ['chat', 'toString', 'toString'],
  ] as const)('of %s names the reason %s as its client was told it: %s', (protocol, finishReason, word) => {
    expect(recordJson({ ...RECORD, protocol, finishReason })['finish_reason']).toBe(word);
  });

  it('of a request that reached nothing says so', () => {
    const orphan = {
      ...RECORD,
      status: 'orphaned' as const,
      model: null,
      finishReason: null,
      usage: ZERO_USAGE,
      attempts: [],
    };

    expect(recordJson(orphan)).toMatchObject({ model: null, finish_reason: null, tokens_prompt: 0, attempts: [] });
  });

  it('of a client that left is marked as cancelled', () => {
    expect(recordJson({ ...RECORD, status: 'client_cancelled' })).toMatchObject({ cancelled: true });
  });
});

describe('GET /v1/generation', () => {
  it.each([ID, `req_${ID}`, `gen_${ID}`, `msg_${ID}`, `chatcmpl-${ID}`])('finds the record by %s', async (id) => {
    const { body } = await get(`/v1/generation?id=${id}`).expect(200);

    expect(body).toEqual({ data: recordJson(RECORD) });
  });

  it('shows a record to every key of its tenant', async () => {
    await get(`/v1/generation?id=${ID}`, 'colleague').expect(200);
  });

  it('answers for a record of another tenant as for one that does not exist', async () => {
    const others = await get(`/v1/generation?id=${ID}`, 'stranger').expect(404);
    const nobodys = await get(`/v1/generation?id=${ID.replace('0', 'f')}`).expect(404);

    expect(others.body).toEqual({
      error: { ...nobodys.body.error, request_id: others.body.error.request_id },
      ...(others.body.request_id && { request_id: others.body.request_id }),
    });
    expect(others.body.error.code).toBe('not_found');
  });

  it.each(['', '?id=', '?id=gen_0123', `?id=${ID.toUpperCase()}`, `?id=x_${ID}`, `?id=${ID}&id=${ID}`])(
    'refuses %j by name',
    async (query) => {
      expect((await get(`/v1/generation${query}`).expect(400)).body.error.param).toBe('id');
    },
  );

  it('is for callers only', async () => {
    await supertest(server).get(`/v1/generation?id=${ID}`).expect(401);
  });

  it('asks to come back while the ledger is away', async () => {
    ledger.isAway = true;
    const { body, headers } = await get(`/v1/generation?id=${ID}`).expect(503);

    expect(body.error.code).toBe('temporarily_unavailable');
    expect(headers['retry-after']).toBe('5');
  });
});

describe('GET /v1/key', () => {
  it('shows the key, its limits and what was spent', async () => {
    ledger.spent = {
      'key ci': { dayNanoUsd: 100_000_000, monthNanoUsd: 1_000_000_001, totalNanoUsd: 2_500_000_000 },
      'tenant acme': { dayNanoUsd: 0, monthNanoUsd: 3_000_000_000, totalNanoUsd: 0 },
    };
    const { body } = await get('/v1/key').expect(200);

    expect(body).toEqual({
      data: {
        label: 'CI',
        key_id: 'ci',
        tenant: 'acme',
        limits: {
          key: { requests_per_minute: 600, concurrency: 3, budget_usd: { day: 0.3, total: 100 } },
          tenant: { requests_per_minute: 100, budget_usd: { month: 20 } },
        },
        limit: 0.3,
        limit_remaining: 0.2,
        limit_reset: 'daily',
        usage: 2.5,
        usage_daily: 0.1,
        usage_monthly: 1.000000001,
        usage_total: 2.5,
        rate_limit: { requests: 100, interval: '60s' },
        expires_at: '2999-01-01T00:00:00.000Z',
        permissions: ['inference', 'explain'],
        is_free_tier: false,
      },
    });
  });

  it.each([
    ["the tenant's month", { month: 19.9 }, 0, 20, 0.1, 'monthly'],
    ["the key's total", {}, 99.95, 100, 0.05, null],
    ['a budget that is overdrawn', { month: 25 }, 0, 20, 0, 'monthly'],
  ])('says what is left of the tightest budget: %s', async (_case, tenantUsd, keyTotalUsd, limit, left, reset) => {
    const nano = (usd: number) => Math.round(usd * 1e9);
    ledger.spent = {
      'key ci': { ...NOTHING, totalNanoUsd: nano(keyTotalUsd) },
      'tenant acme': { ...NOTHING, monthNanoUsd: nano((tenantUsd as { month?: number }).month ?? 0) },
    };

    expect((await get('/v1/key')).body.data).toMatchObject({
      limit,
      limit_remaining: left,
      limit_reset: reset,
    });
  });

  it('says nothing of what is left where nothing is limited, or nobody refused', async () => {
    for (const key of ['stranger', 'watched']) {
      expect((await get('/v1/key', key).expect(200)).body.data).toMatchObject({
        limit: null,
        limit_remaining: null,
        limit_reset: null,
        rate_limit: null,
        expires_at: null,
      });
    }
    expect((await get('/v1/key', 'watched')).body.data.limits).toEqual({
      key: null,
      tenant: { mode: 'shadow', requests_per_minute: 5, budget_usd: { day: 1 } },
    });
  });

  it('needs no permission but a valid key', async () => {
    await get('/v1/key', 'colleague').expect(200);
    await get('/v1/key', 'wrong').expect(401);
  });

  it('asks to come back while the ledger is away', async () => {
    ledger.isAway = true;
    await get('/v1/key').expect(503);
  });
});
