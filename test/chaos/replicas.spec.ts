import { Books, sumsOf } from './books.js';
import type { Row } from './books.js';
import { ask } from './client.js';
import type { Reply } from './client.js';
import { Deployment, MODELS } from './deployment.js';
import { replay } from './experiments/bucket-check.js';
import { settledRows } from './experiments/settled-rows.js';
import { call, createKey } from './operations.js';
import { RedisState } from './redis-state.js';
import { until } from './until.js';

const START_MAX_MS = 90_000;
const TEST_MAX_MS = 60_000;
const TENANT = 'replicas';
const CLIENTS = 60;
const BUDGET_NANO_USD = 1_500_000;
const REQUESTS_PER_MINUTE = 20;
const OPERATOR = 'sk-replicas-operator-0123456789';
const secretOf = (id: string): string => `sk-replicas-${id}-0123456789`;

describe('two gateways on one Redis and one ledger', () => {
  let deployment: Deployment;
  let books: Books;
  let redis: RedisState;

  beforeAll(async () => {
    const key = (id: string, limits: object) => ({ id, tenant: TENANT, key: secretOf(id), limits });
    deployment = await Deployment.start({
      ...{ program: 'sources', gateways: 2, workers: 1, redis: [], postgres: true },
      config: {
        tenants: [{ id: TENANT }],
        keys: [
          key('poor', { budget_usd: { total: BUDGET_NANO_USD / 1e9 } }),
          key('rated', { requests_per_minute: REQUESTS_PER_MINUTE, budget_usd: { total: 1 } }),
          { id: 'operator', key: OPERATOR, permissions: ['admin'] },
        ] as never,
      },
    });
    books = Books.of(deployment);
    redis = new RedisState(deployment.redis.url);
  }, START_MAX_MS);

  afterAll(async () => {
    redis.close();
    await books.close();
    await deployment.remove();
  });

  /** All clients at once, half of them at each gateway. */
  const race = (keyId: string): Promise<readonly Reply[]> =>
    Promise.all(
      Array.from({ length: CLIENTS }, (_, number) => {
        const { url } = deployment.gatewayAt(number);
        return ask({ url, secret: secretOf(keyId), tag: `${keyId}-${number}`, model: MODELS.quick });
      }),
    );
  const rowsOf = (keyId: string): Promise<readonly Row[]> => settledRows({ books, redis, tenant: TENANT, keyId });
  /** A process that gave Redis up limits on its own, within its share: then a bound is not the one that is tried here. */
  const gaveRedisUp = (): boolean => deployment.gateways.some(({ log }) => log.includes('"from":"closed","to":"open"'));

  it(
    'never spend more than a budget, and book what they told their clients',
    async () => {
      const replies: Reply[] = [];
      // One more request does not fit in the end: until then the refused come again.
      while (!replies.some(({ errorCode }) => errorCode === 'insufficient_quota'))
        replies.push(...(await race('poor')));
      const rows = await rowsOf('poor');
      const served = replies.filter(({ status }) => status === 200);
      const { costNanoUsd } = sumsOf(rows);
      expect(rows).toHaveLength(served.length);
      expect(served.reduce((sum, reply) => sum + (reply.costNanoUsd ?? 0), 0)).toBe(costNanoUsd);
      expect(await redis.budget(TENANT, 'key:poor')).toEqual({ charged: costNanoUsd, held: 0 });
      if (!gaveRedisUp()) expect(costNanoUsd).toBeLessThanOrEqual(BUDGET_NANO_USD);
    },
    TEST_MAX_MS,
  );

  it(
    'never admit more than a rate, and refusals take nothing of it',
    async () => {
      const replies = await race('rated');
      const rows = await rowsOf('rated');
      expect(replies.filter(({ status }) => status === 429)).not.toHaveLength(0);
      expect(rows).toHaveLength(replies.filter(({ status }) => status === 200).length);
      if (gaveRedisUp()) return;
      const ideal = replay(
        rows.map(({ createdAtMs }) => ({ atMs: createdAtMs, cost: 1 })),
        REQUESTS_PER_MINUTE,
      );
      const stored = await redis.bucket(TENANT, 'key:rated', 'requests');
      expect(ideal.lowest).toBeGreaterThanOrEqual(0);
      expect(stored?.level).toBe(ideal.levelAt(stored?.atMs ?? 0));
    },
    TEST_MAX_MS,
  );

  it(
    'cut the streams of a key that was revoked at the other, and know it no more',
    async () => {
      const [here, there] = [deployment.gatewayAt(0), deployment.gatewayAt(1)];
      const { id, secret } = await createKey(here.ops, OPERATOR, { tenant: TENANT });
      await until(
        'the other gateway knows the key',
        async () => (await call(`${there.url}/v1/models`, secret)).status === 200,
      );
      let hasBegun = false;
      const stream = ask(
        { url: there.url, secret, tag: 'revoked', model: MODELS.slow, stream: true, words: 1_000, maxTokens: 2_000 },
        () => {
          hasBegun = true;
        },
      );
      await until('the stream is open', () => hasBegun);
      const revoked = await call(`${here.ops}/admin/v1/keys/${id}`, OPERATOR, { method: 'DELETE' });
      expect(revoked.status).toBe(200);
      const reply = await stream;
      expect(reply).toMatchObject({ status: 200, isWhole: false });
      expect(reply.errorCode).not.toBeNull();
      for (const { url } of [here, there]) expect((await call(`${url}/v1/models`, secret)).status).toBe(401);
      await until('its record is there', async () => (await books.rows()).some((row) => row.id === reply.id));
    },
    TEST_MAX_MS,
  );
});
