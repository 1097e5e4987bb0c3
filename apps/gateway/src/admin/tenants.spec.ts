import 'reflect-metadata';
import type { JsonObject } from '@switchyard/contract';
import { OpsRig } from './ops-rig.fixture.js';

const TENANTS = '/admin/v1/tenants';

let rig: OpsRig;

beforeEach(async () => {
  rig = await OpsRig.start();
});
afterEach(() => rig.stop());

describe('a tenant of the database', () => {
  it('is made, read, changed in what is sent, and removed', async () => {
    const body = { id: 'team', policy: { zdr: true }, limits: { budget_usd: { month: 500 } } };
    const made = await rig.post(TENANTS, body).expect(201);
    expect(made.body.data).toEqual({
      ...body,
      source: 'database',
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    expect((await rig.get(`${TENANTS}/team`).expect(200)).body).toEqual(made.body);

    const changed = await rig.patch(`${TENANTS}/team`, { limits: null }).expect(200);
    expect(changed.body.data).toMatchObject({ policy: { zdr: true }, limits: null });

    expect((await rig.delete(`${TENANTS}/team`).expect(200)).body).toEqual({ data: { id: 'team', deleted: true } });
    await rig.get(`${TENANTS}/team`).expect(404);
    await rig.delete(`${TENANTS}/team`).expect(404);
    expect(rig.changes).toBe(3);
  });

  it('can have keys, which serve under its rules, and stays while they may be used', async () => {
    await rig.post(TENANTS, { id: 'team', policy: { zdr: true } }).expect(201);
    const { body } = await rig.post('/admin/v1/keys', { id: 'k', tenant: 'team' }).expect(201);
    expect(rig.opens(body.secret as string)).toBe(true);

    expect((await rig.delete(`${TENANTS}/team`).expect(409)).body.error.message).toContain('"k"');
    await rig.delete('/admin/v1/keys/k').expect(200);
    await rig.delete(`${TENANTS}/team`).expect(200);
  });

  it.each<[string, JsonObject, string]>([
    ['no id', {}, 'id'],
    ['an id with a space', { id: 'a b' }, 'id'],
    ['a field nobody knows', { id: 'x', name: 'X' }, 'name'],
    ['a policy nobody could follow', { id: 'x', policy: { sort: 'beauty' } }, 'policy.sort'],
  ])('with %s is refused by name', async (_case, body, param) => {
    expect((await rig.post(TENANTS, body).expect(400)).body.error.param).toBe(param);
  });

  it.each(['acme', 'default', 'taken'])('does not take the id %s, which another has', async (id) => {
    await rig.post(TENANTS, { id: 'taken' }).expect(201);

    expect((await rig.post(TENANTS, { id }).expect(409)).body.error.param).toBe('id');
  });
});

describe('a tenant of the configuration file', () => {
  it('is shown in the form in which it was written', async () => {
    expect((await rig.get(`${TENANTS}/acme`).expect(200)).body.data).toEqual({
      id: 'acme',
      source: 'config',
      policy: { zdr: true, max_price: { prompt: 1 } },
      limits: { budget_usd: { day: 0.3 } },
      created_at: null,
      updated_at: null,
    });
  });

  it('cannot be changed or removed here', async () => {
    await rig.patch(`${TENANTS}/acme`, {}).expect(409);
    await rig.delete(`${TENANTS}/acme`).expect(409);
  });
});

describe('the list of tenants', () => {
  it('has those of the file and those of the database, by id, page by page', async () => {
    for (const id of ['zoo', 'Abc']) await rig.post(TENANTS, { id }).expect(201);
    const first = (await rig.get(`${TENANTS}?limit=3`).expect(200)).body;
    const second = (await rig.get(`${TENANTS}?limit=3&cursor=${String(first.next_cursor)}`).expect(200)).body;

    expect(first.data.map(({ id }: { id: string }) => id)).toEqual(['Abc', 'acme', 'beta']);
    expect(second.data.map(({ id }: { id: string }) => id)).toEqual(['default', 'zoo']);
    expect(second.next_cursor).toBeNull();
  });

  it('refuses a filter that it does not have', async () => {
    expect((await rig.get(`${TENANTS}?id=acme`).expect(400)).body.error.param).toBe('id');
  });
});
