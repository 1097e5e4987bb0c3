import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { crowdConfig } from './crowd.js';
import { Deployment } from './deployment.js';
import { killUnderStreams } from './experiments/kill-gateway.js';
import { DURABLE_REDIS, killRedisInTraffic } from './experiments/kill-redis.js';
import { signal } from './processes.js';

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
    'keeps no client waiting whose connection a killed worker had not taken',
    async () => {
      const { gateway } = deployment;
      await gateway.whenReady();
      const [pid = 0] = gateway.workerPids();
      signal(pid, 'SIGSTOP');
      const answers = Array.from({ length: STREAMS }, () => statusOf(`${gateway.url}/healthz`));
      const early = await Promise.race([Promise.all(answers), pause(500)]);
      expect(early).toBeUndefined();
      signal(pid, 'SIGKILL');
      expect(await Promise.all(answers)).toEqual(Array.from({ length: STREAMS }, () => 200));
      await gateway.whenReady();
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

/** On a connection of its own. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
}
