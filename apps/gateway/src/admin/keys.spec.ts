import 'reflect-metadata';
import type { JsonObject } from '@switchyard/contract';
import type { NewKey } from '@switchyard/identity';
import { loadConfig } from '../config/load-config.js';
import { ADMIN_SECRET, OpsRig } from './ops-rig.fixture.js';

const KEYS = '/admin/v1/keys';

/** A key as the database takes it, past the admin API. */
const NEW: NewKey = {
  id: null,
  tenant: 'beta',
  label: null,
  permissions: ['inference'],
  policy: null,
  limits: null,
  compat: [],
  expiresAtMs: null,
};

let rig: OpsRig;

beforeEach(async () => {
  rig = await OpsRig.start();
});
afterEach(() => rig.stop());

async function created(body: JsonObject = {}): Promise<{ id: string; secret: string }> {
  const answer = await rig.post(KEYS, body).expect(201);
  return { id: answer.body.data.id as string, secret: answer.body.secret as string };
}

function idsOf(body: { data: readonly { id: string }[] }): readonly string[] {
  return body.data.map(({ id }) => id);
}

describe('a new key', () => {
  it('is told with its secret, and serves at once', async () => {
    const body = {
      id: 'team.ci-1',
      tenant: 'acme',
      label: 'Team CI',
      policy: { only: ['groq'], max_price: { prompt: 0.5 } },
      limits: { requests_per_minute: 60, budget_usd: { day: 1.5 } },
      permissions: ['inference', 'byok'],
      compat: 'naga',
      expires_at: '2999-12-31T23:59:59+02:00',
    };
    const answer = await rig.post(KEYS, body).expect(201);

    expect(answer.body).toEqual({
      data: {
        id: 'team.ci-1',
        source: 'database',
        status: 'active',
        tenant: 'acme',
        label: 'Team CI',
        hint: expect.stringMatching(/^gw_live_[0-9A-Za-z]{8}$/),
        permissions: ['inference', 'byok'],
        policy: body.policy,
        limits: body.limits,
        compat: ['naga'],
        expires_at: '2999-12-31T21:59:59.000Z',
        previous_secret_expires_at: null,
        revoked_at: null,
        created_at: expect.stringMatching(/Z$/),
        updated_at: expect.stringMatching(/Z$/),
      },
      secret: expect.stringMatching(/^gw_live_/),
    });
    expect(rig.opens(answer.body.secret as string)).toBe(true);
    expect((await rig.get(`${KEYS}/team.ci-1`).expect(200)).body.data).toEqual(answer.body.data);
  });

  it('has an id, the default tenant and the default permissions when it says nothing', async () => {
    const { body } = await rig.post(KEYS).expect(201);

    expect(body.data).toMatchObject({
      id: expect.stringMatching(/^key_[0-9A-Za-z]{10}$/),
      tenant: 'default',
      label: body.data.id as string,
      permissions: ['inference', 'explain'],
      policy: null,
      limits: null,
      expires_at: null,
    });
  });

  it.each<[string, JsonObject, string]>([
    ['a field nobody knows', { polcy: {} }, 'polcy'],
    ['a secret of its own', { key: 'sk-mine-0123456789' }, 'key'],
    ['a field nobody knows in its policy', { policy: { onyl: ['x'] } }, 'policy.onyl'],
    ['a policy that is none', { policy: 'strict' }, 'policy'],
    ['an empty list of providers', { policy: { only: [] } }, 'policy.only'],
    ['a limit below 1', { limits: { concurrency: 0 } }, 'limits.concurrency'],
    ['a budget below 0', { limits: { budget_usd: { day: -1 } } }, 'limits.budget_usd.day'],
    ['a permission nobody knows', { permissions: ['inference', 'root'] }, 'permissions[1]'],
    ['an id with a slash', { id: 'a/b' }, 'id'],
    ['an id that is a number', { id: 5 }, 'id'],
    ['an id that is too long', { id: 'x'.repeat(65) }, 'id'],
    ['a tenant nobody knows', { tenant: 'nobody' }, 'tenant'],
    ['an empty label', { label: '' }, 'label'],
    ['a compatibility nobody knows', { compat: ['nagger'] }, 'compat'],
    ['a time without an offset', { expires_at: '2999-01-01T00:00:00' }, 'expires_at'],
    ['a week for a time', { expires_at: '2999-W01' }, 'expires_at'],
    ['a day that does not exist', { expires_at: '2999-13-01' }, 'expires_at'],
    ['a number for a time', { expires_at: 32_000_000_000 }, 'expires_at'],
  ])('with %s is refused by name', async (_case, body, param) => {
    const answer = await rig.post(KEYS, body).expect(400);

    expect(answer.body.error).toMatchObject({ code: 'invalid_request', param });
    expect((await rig.store.list({ limit: 10 })).length).toBe(0);
  });

  it('with several faults is told all of them, and never what was sent', async () => {
    const body = { label: 5, limits: { concurency: 'a secret word' }, expires_at: 'a secret word' };
    const { body: answer, text } = await rig.post(KEYS, body).expect(400);

    expect(answer.error.metadata.faults).toEqual([
      { param: expect.any(String), expected: expect.any(String) },
      { param: expect.any(String), expected: expect.any(String) },
      { param: expect.any(String), expected: expect.any(String) },
    ]);
    expect(answer.error.message).toContain('limits.concurency: unknown, expected the key "concurrency"');
    expect(answer.error.message).toContain('label: expected text');
    expect(answer.error.message).toContain('expires_at: expected a time such as');
    expect(text).not.toContain('a secret word');
  });

  it.each([
    ['of the configuration file', 'ci'],
    ['of the database', 'taken'],
  ])('does not take the id of a key %s', async (_case, id) => {
    await created({ id: 'taken' });
    const { body } = await rig.post(KEYS, { id }).expect(409);

    expect(body.error).toMatchObject({ code: 'conflict', param: 'id' });
  });

  it('cannot have limits where nobody could keep them', async () => {
    const many = await OpsRig.start('server: { workers: 4 }\nlimits: { mode: "off" }\n');
    try {
      const limits = { requests_per_minute: 5, mode: 'enforce' };
      expect((await many.post(KEYS, { limits }).expect(400)).body.error).toMatchObject({ param: 'limits' });
      expect((await many.post('/admin/v1/tenants', { id: 'x', limits }).expect(400)).body.error.param).toBe('limits');
      await many.post(KEYS, { limits: { requests_per_minute: 5 } }).expect(201);
    } finally {
      await many.stop();
    }
  });

  it.each<[string, number, (test: ReturnType<OpsRig['post']>) => PromiseLike<unknown>]>([
    ['no JSON', 400, (test) => test.set('content-type', 'application/json').send('{"id":')],
    ['a list', 400, (test) => test.set('content-type', 'application/json').send('[]')],
    ['reaching for prototypes', 400, (test) => test.set('content-type', 'application/json').send('{"__proto__":{}}')],
    ['of another type', 415, (test) => test.set('content-type', 'text/plain').send('{}')],
    ['too large', 413, (test) => test.send({ label: 'x'.repeat(300_000) })],
  ])('whose body is %s is refused', async (_case, status, send) => {
    expect(await send(rig.post(KEYS))).toMatchObject({ status });
  });
});

describe('the list of keys', () => {
  it('has those of the file and those of the database, by id, page by page', async () => {
    for (const id of ['z', 'a', 'ch', 'Z']) await created({ id, tenant: 'beta' });
    const pages: string[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await rig.get(`${KEYS}?limit=3${cursor && `&cursor=${cursor}`}`).expect(200);
      pages.push([...idsOf(body)]);
      cursor = body.next_cursor as string | null;
    }

    expect(pages).toEqual([['Z', 'a', 'ch'], ['ci', 'expired', 'operator'], ['z']]);
  });

  it('can be that of one tenant, by its exact name', async () => {
    await created({ id: 'b1', tenant: 'beta' });
    await created({ id: 'a1', tenant: 'acme' });

    expect(idsOf((await rig.get(`${KEYS}?tenant=beta`)).body)).toEqual(['b1', 'ci']);
    expect(idsOf((await rig.get(`${KEYS}?tenant=bet`)).body)).toEqual([]);
  });

  it('shows a key of the file in the form in which it was written', async () => {
    const { body } = await rig.get(`${KEYS}/ci`).expect(200);

    expect(body.data).toEqual({
      id: 'ci',
      source: 'config',
      status: 'active',
      tenant: 'beta',
      label: 'CI',
      hint: null,
      permissions: ['inference', 'explain'],
      policy: { only: ['groq'], allow_fallbacks: false, preferred_min_throughput: { p50: 5 } },
      limits: { requests_per_minute: 5 },
      compat: ['naga'],
      expires_at: '2999-01-01T00:00:00.000Z',
      previous_secret_expires_at: null,
      revoked_at: null,
      created_at: null,
      updated_at: null,
    });
  });

  it('has an id that both have once, as the file has it, for that key is the one in force', async () => {
    const { id } = await created({ id: 'a', tenant: 'beta' });
    const { key } = await rig.store.create({ ...NEW, id: 'ci' }, () => true);
    const { body } = await rig.get(`${KEYS}?tenant=beta`).expect(200);

    expect([id, key.id]).toEqual(idsOf(body));
    expect(body.data[1].source).toBe('config');
  });

  it('says which keys are of no use any more', async () => {
    await created({ id: 'late', expires_at: '2001-01-01' });
    await created({ id: 'gone' });
    await rig.delete(`${KEYS}/gone`).expect(200);
    const { body } = await rig.get(KEYS);
    const statuses = body.data.map(({ id, status }: { id: string; status: string }) => `${id} ${status}`);

    expect(statuses).toEqual(['ci active', 'expired expired', 'gone revoked', 'late expired', 'operator active']);
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=%00', 'tenant=a%25', 'tennant=acme', 'limit=1&limit=2'])(
    'refuses the query %s by name',
    async (query) => {
      const { body } = await rig.get(`${KEYS}?${query}`).expect(400);

      expect(body.error.param).toBe(query.split('=', 1)[0]);
    },
  );
});

describe('a key of the database', () => {
  it('is changed in what is sent, and back to the default by null', async () => {
    const { id } = await created({ label: 'old', policy: { zdr: true }, permissions: ['explain'] });
    const { body } = await rig.patch(`${KEYS}/${id}`, { label: 'new', limits: { concurrency: 2 } }).expect(200);
    expect(body.data).toMatchObject({
      label: 'new',
      policy: { zdr: true },
      limits: { concurrency: 2 },
      permissions: ['explain'],
    });

    const cleared = { label: null, policy: null, limits: null, permissions: null, expires_at: null };
    expect((await rig.patch(`${KEYS}/${id}`, cleared)).body.data).toMatchObject({
      ...cleared,
      label: id,
      permissions: ['inference', 'explain'],
    });
  });

  it.each(['id', 'tenant', 'compat', 'secret'])('cannot be changed in its %s', async (field) => {
    const { id } = await created();

    expect((await rig.patch(`${KEYS}/${id}`, { [field]: 'x' }).expect(400)).body.error.param).toBe(field);
  });

  it('serves no more from the moment its change says so', async () => {
    const { id, secret } = await created();
    expect(rig.opens(secret)).toBe(true);
    await rig.patch(`${KEYS}/${id}`, { expires_at: '2001-01-01' }).expect(200);

    expect(rig.opens(secret)).toBe(false);
  });

  it('is rotated: the new secret is told once, the old one is taken for the grace and no longer', async () => {
    const { id, secret } = await created();
    const first = await rig.post(`${KEYS}/${id}/rotate`, { grace_s: 600 }).expect(200);
    expect(first.body.data.previous_secret_expires_at).toMatch(/Z$/);
    expect([rig.opens(secret), rig.opens(first.body.secret as string)]).toEqual([true, true]);

    const second = await rig.post(`${KEYS}/${id}/rotate`).expect(200);
    expect([secret, first.body.secret, second.body.secret].map((each: string) => rig.opens(each))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it.each([{ grace_s: -1 }, { grace_s: 1.5 }, { grace_s: '5' }, { grace_s: 2_678_401 }])(
    'is not rotated with %j',
    async (body) => {
      const { id } = await created();

      expect((await rig.post(`${KEYS}/${id}/rotate`, body).expect(400)).body.error.param).toBe('grace_s');
    },
  );

  it('is revoked for good, however often', async () => {
    const { id, secret } = await created();
    const first = await rig.delete(`${KEYS}/${id}`).expect(200);
    const second = await rig.delete(`${KEYS}/${id}`).expect(200);

    expect(first.body.data).toMatchObject({ status: 'revoked', revoked_at: expect.stringMatching(/Z$/) });
    expect(second.body).toEqual(first.body);
    expect(rig.opens(secret)).toBe(false);
    await rig.patch(`${KEYS}/${id}`, { label: 'x' }).expect(409);
    await rig.post(`${KEYS}/${id}/rotate`).expect(409);
  });

  it('says who changed what in the log, without any secret', async () => {
    const { id, secret } = await created();
    await rig.delete(`${KEYS}/${id}`);

    expect(rig.logged).toEqual([
      [{ admin_key_id: 'operator', id }, 'key created'],
      [{ admin_key_id: 'operator', id }, 'key revoked'],
    ]);
    expect(JSON.stringify(rig.logged)).not.toContain(secret);
  });
});

describe('a key of the configuration file', () => {
  it.each<[string, () => PromiseLike<{ status: number; body: { error: { code: string } } }>]>([
    ['changed', () => rig.patch(`${KEYS}/ci`, { label: 'x' })],
    ['rotated', () => rig.post(`${KEYS}/ci/rotate`)],
    ['revoked', () => rig.delete(`${KEYS}/ci`)],
  ])('cannot be %s here', async (_case, change) => {
    const { status, body } = await change();

    expect([status, body.error.code]).toEqual([409, 'conflict']);
    expect(rig.changes).toBe(0);
  });
});

describe('a key that nobody has', () => {
  it.each<[string, (path: string) => PromiseLike<{ status: number; text: string }>]>([
    ['shown', (path) => rig.get(path)],
    ['changed', (path) => rig.patch(path, { label: 'x' })],
    ['rotated', (path) => rig.post(`${path}/rotate`)],
    ['revoked', (path) => rig.delete(path)],
  ])('cannot be %s', async (_case, change) => {
    for (const id of ['nobody', 'a%00b', 'a%2Fb', ADMIN_SECRET]) {
      const { status, text } = await change(`${KEYS}/${id}`);
      expect(status).toBe(404);
      expect(text).not.toContain(ADMIN_SECRET);
    }
  });
});

describe('a secret', () => {
  it('is in the answer that made it and nowhere else: in no other answer, no file, no log', async () => {
    const { id, secret } = await created({ id: 'canary' });
    const rotated = (await rig.post(`${KEYS}/${id}/rotate`, { grace_s: 60 })).body.secret as string;
    const texts = [
      (await rig.get(KEYS)).text,
      (await rig.get(`${KEYS}/${id}`)).text,
      (await rig.patch(`${KEYS}/${id}`, { label: 'x' })).text,
      (await rig.post(KEYS, { id })).text,
      (await rig.delete(`${KEYS}/${id}`)).text,
      (await rig.get('/admin/v1/tenants')).text,
      (await rig.get('/admin/v1/usage')).text,
      (await rig.get('/metrics')).text,
      JSON.stringify(rig.logged),
      rig.databaseText(),
    ];

    expect(texts.at(-1)).toContain(rotated.slice(0, 16));
    for (const kept of [secret, rotated]) {
      for (const text of texts) expect(text).not.toContain(kept.slice(17, 60));
    }
    for (const text of texts) expect(text).not.toContain(ADMIN_SECRET);
  });
});

describe('the database away', () => {
  it.each<[string, () => PromiseLike<{ status: number; headers: object; body: { error: { code: string } } }>]>([
    ['list', () => rig.get(KEYS)],
    ['creation', () => rig.post(KEYS, {})],
    ['change', () => rig.patch(`${KEYS}/x`, {})],
    ['tenants', () => rig.get('/admin/v1/tenants')],
    ['usage', () => rig.get('/admin/v1/usage')],
    ['CSV', () => rig.get('/admin/v1/usage?format=csv')],
  ])('makes the %s come back later', async (_case, ask) => {
    rig.isDatabaseReady = false;
    const { status, headers, body } = await ask();

    expect([status, body.error.code]).toEqual([503, 'temporarily_unavailable']);
    expect(headers).toMatchObject({ 'retry-after': '5' });
  });

  it('in the middle is told the same way', async () => {
    await rig.get(KEYS).expect(200);
    await rig.database.close();

    expect((await rig.get(KEYS)).status).toBe(503);
    expect((await rig.get('/admin/v1/usage')).status).toBe(503);
  });

  it('does not hide what the configuration file has', async () => {
    rig.isDatabaseReady = false;

    await rig.get(`${KEYS}/ci`).expect(200);
  });
});

describe('a change that is stored', () => {
  it('is a success even when the gateway could not be told yet', async () => {
    await rig.store.tenants.create({ id: 'x', policy: null, limits: null });
    const all = rig.store.all.bind(rig.store);
    rig.store.all = () => Promise.reject(new Error('not now'));
    const { body } = await rig.post(KEYS, { id: 'later' }).expect(201);
    rig.store.all = all;

    expect(body.data.id).toBe('later');
    expect(rig.logged).toHaveLength(2);
  });
});

describe('the form of a key', () => {
  it('takes the ids that the configuration file takes, and no others', async () => {
    const inFile = (id: string): boolean => {
      const text = `catalog: { builtin: false }\nkeys: [{ id: ${JSON.stringify(id)}, key: sk-0123456789abcdef }]`;
      try {
        loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' });
        return true;
      } catch {
        return false;
      }
    };
    for (const id of ['a', 'A.b-c_1', '0', '-a', '.a', 'a b', 'ä', 'x'.repeat(64), 'x'.repeat(65)]) {
      expect([id, (await rig.post(KEYS, { id })).status === 201]).toEqual([id, inFile(id)]);
    }
  });
});
