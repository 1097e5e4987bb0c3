import 'reflect-metadata';
import supertest from 'supertest';
import { ADMIN_SECRET, OpsRig } from '../admin/ops-rig.fixture.js';

let rig: OpsRig;

beforeEach(async () => {
  rig = await OpsRig.start();
});
afterEach(() => rig.stop());

const ADMIN_PATHS = ['/admin/v1/keys', '/admin/v1/keys/ci', '/admin/v1/tenants', '/admin/v1/usage'];

describe('the operations port', () => {
  it('says that it lives, and whether the data port does, to everybody', async () => {
    await rig.get('/healthz', null).expect(200, { status: 'ok' });
    await rig.get('/readyz', null).expect(200, { status: 'ready' });
    rig.isReady = false;

    await rig.get('/readyz', null).expect(503, { status: 'not ready' });
    await rig.get('/healthz', null).expect(200);
  });

  it('shows the metrics as Prometheus reads them, without a key', async () => {
    const { text, headers } = await rig.get('/metrics', null).expect(200);

    expect(text).toBe('# HELP up\nup 1\n');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('tells nothing of a fault of its own but that it is in the log', async () => {
    rig.metrics = () => Promise.reject(new Error('a secret detail'));
    const { text, headers } = await rig.get('/metrics', null).expect(500);

    expect(text).not.toContain('secret detail');
    expect(rig.logged).toEqual([[expect.objectContaining({ request_id: headers['request-id'] }), expect.any(String)]]);
  });

  it('has nothing else', async () => {
    expect((await rig.get('/v1/models').expect(404)).body.error.code).toBe('not_found');
  });
});

describe('the admin API', () => {
  it.each(ADMIN_PATHS)('%s takes a bearer token and x-api-key alike', async (path) => {
    await rig.get(path).expect(200);
    await supertest(rig.url).get(path).set('x-api-key', ADMIN_SECRET).expect(200);
  });

  it.each(ADMIN_PATHS)('%s answers no key, a wrong, a revoked and an expired one in the same bytes', async (path) => {
    const { body } = await rig.post('/admin/v1/keys', { id: 'gone', permissions: ['admin'] }).expect(201);
    const revoked = body.secret as string;
    await rig.get(path, revoked).expect(200);
    await rig.delete('/admin/v1/keys/gone').expect(200);
    const answers = [];
    for (const secret of [null, 'sk-wrong-0123456789', revoked, 'sk-expired-0123456789', `${revoked}x`]) {
      const { status, text, headers } = await rig.get(path, secret);
      const id = headers['request-id'] as string;
      const { date: _date, ...shown } = headers;
      answers.push(JSON.stringify({ status, text, shown }).replaceAll(id, 'ID'));
    }

    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('"status":401');
  });

  it.each(ADMIN_PATHS)('%s is closed to a key without the permission, by its name', async (path) => {
    const { body } = await rig.get(path, 'sk-ci-0123456789').expect(403);

    expect(body.error).toMatchObject({ type: 'permission_error', message: expect.stringContaining('"admin"') });
  });

  it('lets nobody in who only guesses, and still the operator from the same address', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 22; attempt++) {
      statuses.push((await rig.get('/admin/v1/keys', `sk-guess-${attempt}`)).status);
    }
    const { headers } = await rig.get('/admin/v1/keys', 'sk-guess');

    expect(statuses).toEqual([...Array<number>(20).fill(401), 429, 429]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await rig.get('/admin/v1/keys').expect(200);
  });

  it('does not read the body of whom it does not let in', async () => {
    const { status } = await supertest(rig.url)
      .post('/admin/v1/keys')
      .set('content-type', 'application/json')
      .send('{"id":');

    expect(status).toBe(401);
  });

  it.each<[string, number, () => PromiseLike<{ status: number; headers: Record<string, string> }>]>([
    ['a list', 200, () => rig.get('/admin/v1/keys')],
    ['a creation', 201, () => rig.post('/admin/v1/keys', {})],
    ['a refusal', 401, () => rig.get('/admin/v1/keys', null)],
    ['an unknown path', 404, () => rig.get('/admin/v1/nowhere')],
    ['metrics', 200, () => rig.get('/metrics')],
    ['CSV', 200, () => rig.get('/admin/v1/usage?format=csv')],
  ])('gives every answer one id under both names, and has it stored by nobody: %s', async (_case, status, ask) => {
    const answer = await ask();

    expect(answer.status).toBe(status);
    expect(answer.headers['request-id']).toMatch(/^req_[0-9a-f]{32}$/);
    expect(answer.headers).toMatchObject({
      'x-request-id': answer.headers['request-id'],
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });
});
