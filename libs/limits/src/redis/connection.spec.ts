import { createHash } from 'node:crypto';
import { startRedis } from '../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../test/testing/redis.js';
import { connect } from '../testing/stores.js';
import { Connection } from './connection.js';
import type { Script } from './scripts.js';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

describe('a connection to Redis', () => {
  it('takes an answer that came while this process was busy, however late it gets to read it', async () => {
    const patient = await connect(redis.url);
    await patient.call(script('return 7'), [], []);
    const hasty = new Connection({ url: redis.url, timeoutMs: 20, random: () => 0 });
    await new Promise<void>((resolve) => {
      hasty.open({ ready: resolve, lost: () => undefined, failed: () => undefined });
    });
    const answers = Promise.all([1, 2, 3].map(() => hasty.call(script('return 7'), [], [])));
    await new Promise(setImmediate);
    const untilMs = performance.now() + 500;
    while (performance.now() < untilMs);
    await expect(answers).resolves.toEqual([7, 7, 7]);
    for (const connection of [patient, hasty]) connection.close();
  });

  it('gives up on Redis when it does not answer', async () => {
    const hasty = new Connection({ url: redis.url, timeoutMs: 20, random: () => 0 });
    await new Promise<void>((resolve) => {
      hasty.open({ ready: resolve, lost: () => undefined, failed: () => undefined });
    });
    redis.signal('SIGSTOP');
    await expect(hasty.call(script('return 7'), [], [])).rejects.toMatchObject({ kind: 'timeout' });
    redis.signal('SIGCONT');
    hasty.close();
  });

  it('teaches Redis the scripts before anything else is asked', async () => {
    const known = script('return 8');
    const connection = new Connection({ url: redis.url, timeoutMs: 10_000, random: () => 0, scripts: [known] });
    await new Promise<void>((resolve) => {
      connection.open({ ready: resolve, lost: () => undefined, failed: () => undefined });
    });
    await expect(connection.call({ ...known, lua: 'return 9' }, [], [])).resolves.toBe(8);
    connection.close();
  });

  it('fails at once while there is none, and does not send it later', async () => {
    const connection = await connect(redis.url);
    connection.close();
    await expect(connection.call(script('return 1'), [], [])).rejects.toMatchObject({ kind: 'lost' });
  });

  it.each([
    [`return redis.error_reply('OOM command not allowed')`, 'oom'],
    [`return redis.error_reply('READONLY You can not write')`, 'readonly'],
    [`return redis.error_reply('LOADING dataset in memory')`, 'loading'],
    [`return redis.error_reply('MISCONF errors writing')`, 'misconf'],
    [`return redis.error_reply('ERR Error running script: @user_script: 5: -OOM command not allowed')`, 'oom'],
    [`error('something else')`, 'other'],
  ])('tells why Redis refused: %s', async (lua, kind) => {
    const connection = await connect(redis.url);
    await expect(connection.call(script(lua), [], [])).rejects.toMatchObject({ name: 'StoreError', kind });
    connection.close();
  });
});
