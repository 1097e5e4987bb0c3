import { OpsRig } from './ops-rig.fixture.js';

describe('the configuration over the admin API', () => {
  let rig: OpsRig;
  beforeAll(async () => {
    rig = await OpsRig.start();
  });
  afterAll(() => rig.stop());

  const fault = { path: 'server.prot', line: 3, value: 'a key that is no setting', expected: 'a known key' };

  it('says which one is in force and what became of the last that was refused', async () => {
    const inForce = { version: 1, hash: '0123456789abcdef', loaded_at: '2026-01-01T00:00:00.000Z' };
    const answer = await rig.get('/admin/v1/config');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: { ...inForce, source: '/etc/switchyard.yaml', notices: [], last_refused: null },
    });
    rig.configStatus = {
      ...rig.configStatus,
      lastRefused: { atMs: Date.UTC(2026, 0, 2), cause: 'file changed', faults: [fault] },
    };
    expect((await rig.get('/admin/v1/config')).body).toMatchObject({
      data: { ...inForce, last_refused: { at: '2026-01-02T00:00:00.000Z', cause: 'file changed', faults: [fault] } },
    });
  });

  it('is read again when asked, with the same answer, or with all that is wrong', async () => {
    const answer = await rig.post('/admin/v1/config/reload');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ data: { version: 1 } });
    rig.configFaults = [fault];
    const refused = await rig.post('/admin/v1/config/reload');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('server.prot (line 3): found a key that is no setting');
    expect(refused.body).toMatchObject({ error: { metadata: { faults: [fault] } } });
  });

  it('begins to replace the workers, where there are any', async () => {
    const answer = await rig.post('/admin/v1/workers/restart');
    expect([answer.status, answer.body]).toEqual([202, { data: { workers: 2 } }]);
    expect(rig.restarts).toBe(1);
    rig.workers = 0;
    expect((await rig.post('/admin/v1/workers/restart')).status).toBe(409);
  });

  it('is for administrators alone', async () => {
    expect((await rig.get('/admin/v1/config', null)).status).toBe(401);
    expect((await rig.get('/admin/v1/config', 'sk-ci-0123456789')).status).toBe(403);
  });
});
