import { OpsRig } from './ops-rig.fixture.js';

const SECRET = 'sk-provider-canary-0123456789';
const PATH = '/admin/v1/credentials';
const PROVIDERS = `
providers:
  - { id: bare, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1" }
  - { id: dressed, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: main, api_key: secret-of-the-file, weight: 2 }] }
`;

let rig: OpsRig;
beforeEach(async () => {
  rig = await OpsRig.start(PROVIDERS);
});
afterEach(() => rig.stop());

const store = (fields: object = {}) => rig.post(PATH, { provider: 'bare', id: 'main', api_key: SECRET, ...fields });

describe('the credentials of the admin API', () => {
  it('are stored and shown without their secret, which stands nowhere in clear', async () => {
    const created = await store({ weight: 3, limits: { requests_per_minute: 60 } });
    expect(created.status).toBe(201);
    expect(created.body.data).toEqual({
      provider: 'bare',
      id: 'main',
      source: 'database',
      status: 'active',
      reason: null,
      digest_prefix: expect.stringMatching(/^[0-9a-f]{8}$/),
      weight: 3,
      limits: { requests_per_minute: 60 },
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const listed = await rig.get(PATH);
    expect(listed.body.data).toEqual([
      expect.objectContaining({ provider: 'dressed', id: 'main', source: 'config', digest_prefix: null, weight: 2 }),
      created.body.data,
    ]);
    expect(rig.changes).toBe(1);
    for (const text of [created.text, listed.text, JSON.stringify(rig.logged), rig.databaseText()]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain('secret-of-the-file');
    }
    expect(JSON.stringify(rig.logged)).toContain('credential stored');
  });

  it('are changed field by field: a new secret, a new weight, no limits', async () => {
    await store({ limits: { concurrency: 2 } });
    const before = (await rig.get(PATH)).body.data[1];
    const reweighed = await rig.patch(`${PATH}/bare/main`, { weight: 0.5 });
    expect(reweighed.body.data).toEqual({ ...before, weight: 0.5, updated_at: expect.any(String) });
    const replaced = await rig.patch(`${PATH}/bare/main`, { api_key: 'another-secret-of-it', limits: null });
    expect(replaced.body.data).toMatchObject({ weight: 0.5, limits: null });
    expect(replaced.body.data.digest_prefix).not.toBe(before.digest_prefix);
    const [row] = await rig.credentials.list();
    expect(row).toMatchObject({ weight: 0.5, limits: null });
  });

  it('are deleted, once', async () => {
    await store();
    expect((await rig.delete(`${PATH}/bare/main`)).status).toBe(204);
    expect((await rig.delete(`${PATH}/bare/main`)).status).toBe(404);
    expect((await rig.patch(`${PATH}/bare/main`, { weight: 1 })).status).toBe(404);
  });

  it.each([
    ['an unknown provider', { provider: 'nobody' }, 400, 'provider'],
    ['no secret', { api_key: undefined }, 400, 'api_key'],
    ['a secret that is too short', { api_key: 'short' }, 400, 'api_key'],
    ['a secret that is no header', { api_key: 'a secret\r\nof two lines' }, 400, 'api_key'],
    ['a weight of nothing', { weight: 0 }, 400, 'weight'],
    ['limits that are none', { limits: { requests_per_minute: -1 } }, 400, 'limits.requests_per_minute'],
    ['an unknown field', { secret: SECRET }, 400, 'secret'],
    ['an id that is none', { id: '../x' }, 400, 'id'],
    ['an id of the configuration', { provider: 'dressed' }, 409, 'id'],
  ])('are refused with %s, and the secret is not repeated', async (_case, fields, status, param) => {
    const reply = await store(fields);
    expect(reply.status).toBe(status);
    expect(reply.body.error.param).toBe(param);
    expect(reply.text).not.toContain('secret\\r');
    expect(reply.text).not.toContain(SECRET);
    expect(await rig.credentials.list()).toEqual([]);
  });

  it('refuse an id that is taken', async () => {
    await store();
    expect((await store()).status).toBe(409);
  });

  it('need an administrator', async () => {
    expect((await rig.get(PATH, null)).status).toBe(401);
    expect((await rig.get(PATH, 'sk-ci-0123456789')).status).toBe(403);
  });

  it('wait for the database', async () => {
    rig.isDatabaseReady = false;
    expect((await rig.get(PATH)).status).toBe(503);
    expect((await store()).status).toBe(503);
  });
});
