import { setTimeout as pause } from 'node:timers/promises';
import { KEY, startRig } from './gateway-harness.js';
import type { Reply, Rig } from './gateway-harness.js';

/** More than health wants to have seen before it tells a p95. */
const WARM_UP = 60;

const model = (id: string, upstream: string, providers: readonly string[]): string =>
  `  - { id: ${id}, endpoints: [${providers.map((provider) => `{ provider: ${provider}, upstream_model: "${upstream}", price: { prompt: 1, completion: 2 } }`).join(', ')}] }`;

const provider = (id: string): string =>
  `  - { id: ${id}, dialect: openai-chat, base_url: "SIMULATOR/${id}/v1", credentials: [{ id: main, api_key: upstream-secret }] }`;

const YAML = `
catalog: { builtin: false }
routing:
  cancel_stops_billing: false
  retry_budgets: { tenant: { floor: 1000 }, process: { tokens: 100000 } }
  hedging: { enabled: true, max_share: 1, min_delay_s: 0.1 }
timeouts: { header_hold_s: 30, total_s: 30 }
tenants: [{ id: frugal }]
keys:
  - { id: e2e, key: ${KEY} }
  - { id: frugal, key: sk-frugal-0123456789, tenant: frugal }
providers:
${['one', 'two', 'three', 'slow', 'swift', 'paced'].map(provider).join('\n')}
models:
${model('acme/broken', 'mock/status:500', ['one', 'two', 'three'])}
${model('acme/alone', 'mock/status:503', ['one'])}
${model('acme/silent', 'mock/no_headers', ['two'])}
${model('acme/hedged', 'simulated', ['slow', 'swift'])}
${model('acme/paced', 'mock/tps:40', ['paced'])}
`;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(YAML);
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});

const bodyOf = (id: string, extra: object = {}) => ({
  model: id,
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Hi' }],
  ...extra,
});
const ask = (id: string, extra: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Reply> =>
  rig.post('/v1/chat/completions', bodyOf(id, extra), headers);

async function metric(line: string): Promise<number> {
  const text = await (await fetch(`${rig.ops}/metrics`)).text();
  const found = text.split('\n').find((one) => one.startsWith(line));
  return Number(found?.slice(line.length) ?? 0);
}

interface GenerationRecord {
  readonly status: string;
  readonly usage_source: string;
  readonly attempts: readonly { readonly endpoint: string; readonly error_class: string | null }[];
}

async function recordOf(id: string): Promise<GenerationRecord> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { status, json } = await rig.get(`/v1/generation?id=${id}`);
    if (status === 200) {
      const record = json['data'] as unknown as GenerationRecord;
      if (record.status !== 'orphaned') return record;
    }
    await pause(100);
  }
  throw new Error(`there is no record of ${id}`);
}

describe('a client that retries by itself', () => {
  it('gets two attempts, where another gets one per endpoint', async () => {
    const first = await ask('acme/broken');
    expect(first.status).toBe(503);
    expect(first.headers.get('x-should-retry')).toBe('true');
    expect(first.headers.get('x-switchyard-attempts')).toBe('3');
    const again = await ask('acme/broken', {}, { 'x-stainless-retry-count': '1' });
    expect(again.headers.get('x-switchyard-attempts')).toBe('2');
    expect(rig.simulator.requests).toHaveLength(5);
  });
});

describe('the only endpoint of a request', () => {
  it('is tried three times in all', async () => {
    const reply = await ask('acme/alone');
    expect([reply.status, reply.headers.get('x-switchyard-attempts')]).toEqual([503, '3']);
  });
});

describe('x-switchyard-timeout-ms', () => {
  it('ends a request before the operator’s time limit does', async () => {
    const startedMs = performance.now();
    const reply = await ask('acme/silent', {}, { 'x-switchyard-timeout-ms': '400' });
    expect(reply.status).toBe(503);
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  it('does not make the operator’s longer', async () => {
    const reply = await ask('acme/hedged', {}, { 'x-switchyard-timeout-ms': '86400000' });
    expect(reply.status).toBe(200);
  });

  it.each(['/v1/chat/completions', '/v1/messages'])('is refused on %s when it is no time', async (path) => {
    for (const value of ['0', '-1', '1.5', 'soon', '']) {
      const reply = await rig.post(path, bodyOf('acme/alone'), { 'x-switchyard-timeout-ms': value });
      expect(reply.status).toBe(400);
      expect(reply.text).toContain('x-switchyard-timeout-ms');
    }
    expect(rig.simulator.requests).toEqual([]);
  });
});

describe('a stream that is slow to begin', () => {
  const ORDER = { provider: { order: ['slow', 'swift'] } };

  it('is served by the next endpoint beside it, and the record says so', async () => {
    for (let count = 0; count < WARM_UP; count += 1) await ask('acme/hedged', { stream: true, ...ORDER });
    // Health is looked at anew once a second.
    await pause(1_500);
    rig.simulator.setFaults('slow', [{ fault: 'ttft:8000' }]);
    const won = await metric('switchyard_hedges_total{result="won"} ');
    const reply = await ask('acme/hedged', { stream: true, ...ORDER });
    rig.simulator.setFaults('slow', []);
    expect(reply.headers.get('x-switchyard-endpoint')).toBe('swift');
    expect(reply.text).toContain('[DONE]');
    const record = await recordOf(reply.headers.get('x-request-id') ?? '');
    expect(record.attempts).toMatchObject([
      { endpoint: 'slow', error_class: 'hedge_lost' },
      { endpoint: 'swift', error_class: null },
    ]);
    expect(await metric('switchyard_hedges_total{result="won"} ')).toBe(won + 1);
    expect(await metric('switchyard_hedge_cost_usd_total ')).toBeGreaterThan(0);
  });
});

describe('an upstream that charges for cancelled requests', () => {
  it('is read to its end, and the record has the usage of the bill', async () => {
    const leaving = new AbortController();
    const response = await fetch(`${rig.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(bodyOf('acme/paced', { stream: true })),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    const record = await recordOf(response.headers.get('x-request-id') ?? '');
    expect(record).toMatchObject({ status: 'client_cancelled', usage_source: 'upstream' });
    expect(rig.simulator.requests.some(({ aborted }) => aborted)).toBe(false);
  });
});

describe('a retry budget', () => {
  it('that is used up leaves the first error, and is counted', async () => {
    const tight = await startRig(
      YAML.replace('tenant: { floor: 1000 }', 'tenant: { floor: 1, ratio: 0 }').replace(
        'process: { tokens: 100000 }',
        'process: {}',
      ),
    );
    try {
      const body = bodyOf('acme/broken');
      const headers = { authorization: 'Bearer sk-frugal-0123456789' };
      const replies = [];
      for (let count = 0; count < 2; count += 1) replies.push(await tight.post('/v1/chat/completions', body, headers));
      expect(replies.map(({ status }) => status)).toEqual([503, 503]);
      expect(replies.map((reply) => reply.headers.get('x-switchyard-attempts'))).toEqual(['2', '1']);
      const text = await (await fetch(`${tight.ops}/metrics`)).text();
      expect(text).toMatch(/switchyard_retry_budget_exhausted_total\{budget="tenant"\} 2/);
    } finally {
      await tight.stop();
    }
  });
});
