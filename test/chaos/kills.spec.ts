import { crowdConfig } from './crowd.js';
import { Deployment } from './deployment.js';
import { killUnderStreams } from './experiments/kill-gateway.js';
import { DURABLE_REDIS, killRedisInTraffic } from './experiments/kill-redis.js';

const STREAMS = 30;
const MEMBERS = 50;
const START_MAX_MS = 90_000;
const TEST_MAX_MS = 150_000;

describe('what is killed under a gateway in traffic', () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start({
      ...{ program: 'sources', gateways: 1, workers: 2, redis: DURABLE_REDIS, postgres: false },
      config: crowdConfig(MEMBERS),
    });
  }, START_MAX_MS);

  afterAll(() => deployment.remove());

  it.each(['worker', 'gateway'] as const)(
    'leaves one record of every request when it is a %s, orphaned ones included',
    async (victim) => {
      const plan = { victim, streams: STREAMS, rounds: 1, awaitsLeases: false };
      const verdict = await killUnderStreams(deployment, plan);
      expect(verdict.failures).toEqual([]);
    },
    TEST_MAX_MS,
  );

  it(
    'loses no record and no spend when it is Redis',
    async () => {
      // A worker that never saw a budget admits nobody to it while Redis is away: which worker a client meets is chance.
      const plan = { perSecond: 20, kills: 1, stopsMs: 0, breathMs: 500, failedMax: 1, isDurable: true };
      const verdict = await killRedisInTraffic(deployment, plan);
      expect(verdict.failures).toEqual([]);
    },
    TEST_MAX_MS,
  );
});
