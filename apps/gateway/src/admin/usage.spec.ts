import 'reflect-metadata';
import { request as httpRequest } from 'node:http';
import { ZERO_USAGE } from '@switchyard/contract';
import { recordJson } from '../control/generation-record.js';
import { ADMIN_SECRET, OpsRig, usageRecord } from './ops-rig.fixture.js';

const USAGE = '/admin/v1/usage';
const HOUR_S = 3_600;
const NEW_YEAR_S = Date.UTC(2026, 0, 1) / 1_000;

let rig: OpsRig;

beforeEach(async () => {
  rig = await OpsRig.start();
});
afterEach(() => rig.stop());

function idsOf(body: { data: readonly { id: string }[] }): readonly number[] {
  return body.data.map(({ id }) => parseInt(id.slice('gen_'.length), 16));
}

/** Records of two tenants, three keys and two models, an hour apart. */
async function fill(): Promise<void> {
  await rig.ledger.insert([
    usageRecord(0),
    usageRecord(HOUR_S, { keyId: 'other', model: 'acme/m2', status: 'client_cancelled' }),
    usageRecord(2 * HOUR_S, { tenant: 'beta', keyId: 'ci', costNanoUsd: 5 }),
    usageRecord(24 * HOUR_S, { model: null, provider: null, endpoint: null, status: 'upstream_error', attempts: [] }),
  ]);
}

describe('the usage', () => {
  it('is one record a request, oldest first, in the form of GET /v1/generation', async () => {
    await rig.ledger.insert([usageRecord(2), usageRecord(1)]);
    const { body } = await rig.get(USAGE).expect(200);

    expect(body).toEqual({ data: [recordJson(usageRecord(1)), recordJson(usageRecord(2))], next_cursor: null });
  });

  it.each([
    ['', [0, HOUR_S, 2 * HOUR_S, 24 * HOUR_S]],
    ['key_id=ci', [2 * HOUR_S]],
    ['tenant=acme', [0, HOUR_S, 24 * HOUR_S]],
    ['tenant=acm', []],
    ['model=acme/m2', [HOUR_S]],
    ['tenant=acme&model=acme/m1', [0]],
    [`from=${NEW_YEAR_S + HOUR_S}`, [HOUR_S, 2 * HOUR_S, 24 * HOUR_S]],
    [`to=${NEW_YEAR_S + HOUR_S}`, [0]],
    [`from=${NEW_YEAR_S + HOUR_S}.001`, [2 * HOUR_S, 24 * HOUR_S]],
    ['from=2026-01-01T01:00:00Z&to=2026-01-01T02:00:00Z', [HOUR_S]],
    ['from=2026-01-01T03:00:00%2B02:00&to=2026-01-02', [HOUR_S, 2 * HOUR_S]],
    ['from=2026-01-02', [24 * HOUR_S]],
  ])('asked with %j is that of %j', async (query, ids) => {
    await fill();

    expect(idsOf((await rig.get(`${USAGE}?${query}`).expect(200)).body)).toEqual(ids);
  });

  it('is paged without a gap or a repetition, also while more comes in', async () => {
    await rig.ledger.insert([1, 2, 3, 4, 5].map((number) => usageRecord(number)));
    const first = (await rig.get(`${USAGE}?limit=2`).expect(200)).body;
    await rig.ledger.insert([usageRecord(6)]);
    const second = (await rig.get(`${USAGE}?limit=2&cursor=${String(first.next_cursor)}`).expect(200)).body;
    const third = (await rig.get(`${USAGE}?limit=2&cursor=${String(second.next_cursor)}`).expect(200)).body;

    expect([first, second, third].map(idsOf)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(third.next_cursor).toBeNull();
  });

  it('waits for what was journalled, and does without when that is not to be had', async () => {
    await fill();
    await rig.get(USAGE).expect(200);
    expect(rig.flushes).toBe(1);
    rig.flushFault = new Error('away');

    expect(idsOf((await rig.get(USAGE).expect(200)).body)).toHaveLength(4);
  });

  it.each([
    'key_id=a%20b',
    'tenant=%00',
    'model=',
    'from=yesterday',
    'to=2026-01-01T00:00:00',
    'from=2026-99-01',
    'limit=0',
    'limit=1001',
    'limit=1.5',
    'cursor=nonsense',
    'cursor=%22',
    'group_by=colour',
    'group_by=',
    'group_by=hour,day',
    'format=xml',
    'tennant=acme',
    'limit=1&limit=2',
  ])('refuses the query %s by name', async (query) => {
    const { body } = await rig.get(`${USAGE}?${query}`).expect(400);

    expect(body.error).toMatchObject({ code: 'invalid_request', param: query.split('=', 1)[0] });
  });
});

describe('the sums', () => {
  it('have the groups that were asked for, and figures under the names of a record', async () => {
    await fill();
    const { body } = await rig.get(`${USAGE}?group_by=day,tenant,key`).expect(200);

    expect(body.next_cursor).toBeNull();
    expect(body.data).toHaveLength(4);
    expect(body.data[0]).toEqual({
      day: '2026-01-01T00:00:00.000Z',
      tenant: 'acme',
      key_id: 'operator',
      requests: 1,
      failures: 0,
      cancelled: 0,
      tokens_prompt: 15,
      tokens_completion: 3,
      tokens_cached: 5,
      tokens_cache_write: 0,
      tokens_reasoning: 0,
      usage: expect.objectContaining({ uncached_input: 10, cache_read: 5, output: 3, web_searches: 0 }),
      total_cost: 0.000001001,
      cost_nano_usd: 1_001,
    });
  });

  it.each([
    ['group_by=tenant', ['acme 3 1 1 3003', 'beta 1 0 0 5']],
    ['group_by=key&tenant=acme', ['operator 2 1 0 2002', 'other 1 0 1 1001']],
    ['group_by=model', ['null 1 1 0 1001', 'acme/m1 2 0 0 1006', 'acme/m2 1 0 1 1001']],
    ['group_by=model&model=acme/m2', ['acme/m2 1 0 1 1001']],
    [
      'group_by=hour&to=2026-01-01T02:00:00Z',
      ['2026-01-01T00:00:00.000Z 1 0 0 1001', '2026-01-01T01:00:00.000Z 1 0 1 1001'],
    ],
    ['group_by=day', ['2026-01-01T00:00:00.000Z 3 0 1 2007', '2026-01-02T00:00:00.000Z 1 1 0 1001']],
  ])('%s are %j', async (query, expected) => {
    await fill();
    const { body } = await rig.get(`${USAGE}?${query}`).expect(200);
    const lines = body.data.map((sum: Record<string, unknown>) =>
      [Object.values(sum)[0], sum['requests'], sum['failures'], sum['cancelled'], sum['cost_nano_usd']].join(' '),
    );

    expect(lines.map((line: string) => line.replace(/^ /, 'null '))).toEqual(expected);
  });

  it('are paged too', async () => {
    await fill();
    const first = (await rig.get(`${USAGE}?group_by=hour&limit=3`).expect(200)).body;
    const second = (await rig.get(`${USAGE}?group_by=hour&limit=3&cursor=${String(first.next_cursor)}`)).body;

    expect([first.data.length, second.data.length, second.next_cursor]).toEqual([3, 1, null]);
  });
});

describe('the usage as CSV', () => {
  it('has a line a record under the names of its fields, money in plain digits', async () => {
    await rig.ledger.insert([
      usageRecord(1, { costNanoUsd: 1, upstreamId: '=cmd|x', usage: { ...ZERO_USAGE, cacheWrite1h: 7 } }),
      usageRecord(2, { costNanoUsd: 12_500_000_000, upstreamId: 'a,"b"' }),
    ]);
    const { text, headers } = await rig.get(`${USAGE}?format=csv`).expect(200);
    const [header = '', first = '', second = '', last] = text.split('\r\n');
    const row = (line: string) => Object.fromEntries(header.split(',').map((name, at) => [name, line.split(',')[at]]));

    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="usage.csv"',
      'cache-control': 'no-store',
    });
    expect(last).toBe('');
    expect(row(first)).toMatchObject({
      id: `gen_${'0'.repeat(31)}1`,
      attempts: '1',
      cancelled: 'false',
      usage_cache_write_1h: '7',
      total_cost: '0.000000001',
      cost_nano_usd: '1',
      error: '',
      upstream_id: "'=cmd|x",
    });
    expect(second).toContain(',12.5,12500000000,');
    expect(second).toContain(',"a,""b""",');
  });

  it('has its columns although there is nothing to show', async () => {
    const records = await rig.get(`${USAGE}?format=csv`).expect(200);
    const sums = await rig.get(`${USAGE}?format=csv&group_by=model,day`).expect(200);

    expect(records.text).toMatch(/^id,request_id,key_id,tenant,created_at,.*price_version\r\n$/);
    expect(sums.text).toMatch(/^day,model,requests,failures,.*total_cost,cost_nano_usd\r\n$/);
  });

  it('comes to who accepts nothing else, and JSON to everybody else', async () => {
    await rig
      .get(USAGE)
      .set('accept', 'text/csv')
      .expect(200)
      .expect('content-type', /^text\/csv/);
    await rig.get(USAGE).set('accept', '*/*').expect(200).expect('content-type', /json/);
    await rig.get(`${USAGE}?format=json`).set('accept', 'text/csv').expect(200).expect('content-type', /json/);
  });

  it('goes on over many pages of the ledger, up to the limit', async () => {
    const numbers = Array.from({ length: 2_345 }, (_, number) => number);
    await rig.ledger.insert(numbers.map((number) => usageRecord(number)));
    const lines = async (query: string) =>
      (await rig.get(`${USAGE}?format=csv${query}`).expect(200)).text.split('\r\n').slice(1, -1);

    const all = await lines('');
    expect(all.map((line) => parseInt(line.slice(4, 36), 16))).toEqual(numbers);
    expect(await lines('&limit=2001')).toEqual(all.slice(0, 2_001));
    expect(await lines('&limit=1')).toEqual(all.slice(0, 1));
  });

  it('that breaks off in the middle does not look like a whole one', async () => {
    await rig.ledger.insert(Array.from({ length: 1_500 }, (_, number) => usageRecord(number)));
    const list = rig.ledger.list.bind(rig.ledger);
    rig.ledger.list = (query) => (query.cursor === undefined ? list(query) : Promise.reject(new Error('gone')));
    const outcome = await new Promise((resolve) => {
      httpRequest(`${rig.url}${USAGE}?format=csv`, { headers: { 'x-api-key': ADMIN_SECRET } }, (response) => {
        response.resume();
        response.on('end', () => {
          resolve('whole');
        });
        response.on('error', () => {
          resolve('broken');
        });
      }).end();
    });

    expect(outcome).toBe('broken');
  });
});
