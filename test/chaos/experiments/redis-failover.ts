import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '../../testing/redis.js';
import type { TestRedis } from '../../testing/redis.js';
import { Books } from '../books.js';
import type { Row } from '../books.js';
import { load } from '../client.js';
import type { Ask, Reply } from '../client.js';
import { CROWD_TENANT, crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { agreement, driftNanoUsd } from './limits-agree.js';
import { untilShared } from './until-shared.js';

const GATEWAYS = 2;
const MEMBERS = 20;
const PER_SECOND = 60;
const CONNECTIONS = 16;
const INPUT_PER_MINUTE = 100_000;
const BOUND = { id: 'bound', secret: 'sk-failover-bound-0123456789' };
const OVER_MAX = 0.02;
const PATIENCE_MS = 25;
/** Until somebody notices that the primary is gone and names another one. */
const NOTICED_MS = 1_000;
const REPAIRED_MAX_MS = 60_000;
const FAILED_MAX = 0.001;

/** The primary is killed and its replica takes its place: what it had not heard of yet is found in the ledger. */
export async function redisFailover({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('a replica takes the place of Redis');
  const crowd = crowdConfig(MEMBERS);
  const limits = { input_tokens_per_minute: INPUT_PER_MINUTE };
  const bound = { id: BOUND.id, tenant: CROWD_TENANT, key: BOUND.secret, limits };
  const deployment = await Deployment.start({
    ...{ program, gateways: GATEWAYS, workers: 1, redis: [], postgres: true, isProxied: true },
    config: { ...crowd, keys: [...(crowd['keys'] as []), bound] },
  });
  deployment.startMaintenance(program);
  const books = Books.of(deployment);
  const replicas: TestRedis[] = [];
  try {
    const { replies, startMs, endMs } = await failOver(deployment, replicas, { isQuick });
    const primary = new RedisState((replicas.at(-1) ?? deployment.redis).url);
    try {
      const answered = replies.filter(({ status }) => status === 200);
      await until('the ledger has everything', async () => (await books.count()) >= answered.length);
      verdict.figure('failovers', replicas.length);
      judgeLimit(verdict, await books.rows(), { startMs, endMs });
      judgeAnswers(verdict, replies);
      await judgeSpend(verdict, books, primary);
    } finally {
      primary.close();
    }
  } finally {
    await books.close();
    await deployment.remove();
    for (const replica of replicas) await replica.stop();
  }
  return [verdict];
}

interface Run {
  readonly replies: readonly Reply[];
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

/** Traffic of a crowd, and beside it one client that takes all of its limit. Every replica that took over is added to `replicas`. */
async function failOver(
  deployment: Deployment,
  replicas: TestRedis[],
  { isQuick }: Pick<ExperimentOptions, 'isQuick'>,
): Promise<Run> {
  const traffic = new SteadyTraffic(PER_SECOND, (number) => {
    const { url } = deployment.gatewayAt(number);
    return { url, secret: memberSecret(number % MEMBERS), tag: `crowd-${number}`, model: MODELS.quick };
  });
  const startMs = Date.now();
  let isOver = false;
  let sent = 0;
  const next = (): Ask | null => {
    const { url } = deployment.gatewayAt((sent += 1));
    return isOver ? null : { url, secret: BOUND.secret, tag: `b-${sent}`, model: MODELS.quick, padding: 2_000 };
  };
  const greedy: Reply[] = [];
  const greed = load(CONNECTIONS, next, async (reply) => {
    greedy.push(reply);
    if (reply.status !== 200) await pause(PATIENCE_MS);
  });
  let primary = deployment.redis;
  for (let round = 0; round < (isQuick ? 1 : 4); round += 1) {
    const replica = await replicaOf(primary);
    replicas.push(replica);
    await pause(isQuick ? 3_000 : 10_000);
    primary.signal('SIGKILL');
    await pause(NOTICED_MS);
    await tell(replica, 'REPLICAOF', 'NO', 'ONE');
    await deployment.redisProxy.order({ do: 'redirect', port: replica.port });
    primary = replica;
    await untilShared(deployment);
    await pause(isQuick ? 1_000 : 10_000);
  }
  isOver = true;
  await greed;
  const endMs = Date.now();
  return { replies: [...greedy, ...(await traffic.stop())], startMs, endMs };
}

/** Resolves once it has everything that its primary has. */
async function replicaOf(primary: TestRedis): Promise<TestRedis> {
  // A primary waits for more replicas before it tells everything to the first one.
  await tell(primary, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(primary.port)]);
  const isTold = async (): Promise<boolean> =>
    String(await tell(replica, 'INFO', 'replication')).includes('master_link_status:up');
  await until('the replica has everything', isTold);
  return replica;
}

async function tell({ url }: TestRedis, name: string, ...args: readonly string[]): Promise<unknown> {
  const redis = new RedisState(url);
  try {
    return await redis.command(name, ...args);
  } finally {
    redis.close();
  }
}

function judgeLimit(verdict: Verdict, rows: readonly Row[], { startMs, endMs }: Pick<Run, 'startMs' | 'endMs'>): void {
  const used = rows.filter(({ keyId }) => keyId === BOUND.id).reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const most = INPUT_PER_MINUTE * (1 + (endMs - startMs) / 60_000);
  verdict.figure('used', used);
  verdict.figure('bound', rounded(most));
  verdict.figure('over_share', rounded(used / most - 1, 4));
  verdict.expect('more than 2 % too much was admitted', used <= (1 + OVER_MAX) * most);
}

function judgeAnswers(verdict: Verdict, replies: readonly Reply[]): void {
  const failed = replies.filter(({ status }) => status !== 200 && status !== 429);
  verdict.figure('requests', replies.length);
  verdict.figure('other_answers', otherAnswers(replies));
  verdict.expect('more requests failed than may', failed.length <= FAILED_MAX * replies.length);
}

async function judgeSpend(verdict: Verdict, books: Books, primary: RedisState): Promise<void> {
  verdict.figure('drift_before_nano_usd', await driftNanoUsd(books, primary));
  const isRepaired = async (): Promise<boolean> => {
    const { ledger, charged } = await agreement(books, primary);
    return charged >= ledger;
  };
  const repairedMs = await until('the spend is whole again', isRepaired, 2 * REPAIRED_MAX_MS).catch(() => null);
  verdict.figure('spend_whole_after_ms', repairedMs === null ? null : rounded(repairedMs));
  verdict.expect('the spend was not whole within a minute', (repairedMs ?? Infinity) <= REPAIRED_MAX_MS);
}
