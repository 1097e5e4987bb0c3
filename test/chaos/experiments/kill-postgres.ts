import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { Books, doubles } from '../books.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { standStill } from '../processes.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { Durations } from './durations.js';
import { driftNanoUsd } from './limits-agree.js';

const MEMBERS = 50;
const BREATH_MS = 10_000;

/** What is done to PostgreSQL for some time, after which it is well again. */
type Ailment = (deployment: Deployment, ms: number) => Promise<void>;

const AILMENTS: readonly {
  readonly name: string;
  readonly ail: Ailment;
  readonly ms: number;
  readonly quickMs: number;
}[] = [
  { name: 'killed', ail: killed, ms: 5_000, quickMs: 2_000 },
  { name: 'stopped', ail: stopped, ms: 60_000, quickMs: 5_000 },
  { name: 'locked', ail: locked, ms: 30_000, quickMs: 5_000 },
];

/** PostgreSQL is killed, stopped and locked in traffic: no request notices, and every record arrives afterwards. */
export async function killPostgres({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('PostgreSQL killed, stopped and locked in traffic');
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: [], postgres: true },
    config: crowdConfig(MEMBERS),
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  const durations = new Durations();
  try {
    const { url } = deployment.gateway;
    const traffic = new SteadyTraffic(isQuick ? 100 : 300, (number) => {
      return { url, secret: memberSecret(number % MEMBERS), tag: String(number), model: MODELS.quick };
    });
    await durations.during('well', () => pause(BREATH_MS));
    for (const { name, ail, ms, quickMs } of AILMENTS) {
      const before = traffic.count;
      await durations.during(name, () => ail(deployment, isQuick ? quickMs : ms));
      await judgeDrain(verdict, name, traffic.count - before, { books, wanted: traffic.replies.length });
      await durations.during('well', () => pause(BREATH_MS / 2));
    }
    const replies = await traffic.stop();
    verdict.figure('requests', replies.length);
    durations.report(verdict, replies);
    verdict.same('other_answers', otherAnswers(replies), '{}');
    verdict.same('refused', replies.filter(({ status }) => status === 429).length, 0);
    await until('the ledger has everything', async () => (await books.rows()).length >= replies.length).catch(
      () => undefined,
    );
    const rows = await books.rows();
    const ids = new Set(rows.map(({ id }) => id));
    verdict.same('lost', replies.filter(({ id }) => !ids.has(id ?? '')).length, 0);
    verdict.same('double', doubles(rows).length, 0);
    verdict.same('set_aside', await books.setAside(), 0);
    verdict.same('drift_nano_usd', await driftNanoUsd(books, redis), 0);
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return [verdict];
}

/** How soon the records of the time without a ledger are there. */
async function judgeDrain(
  verdict: Verdict,
  name: string,
  backlog: number,
  { books, wanted }: { books: Books; wanted: number },
): Promise<void> {
  const drainedMs = await until(
    'the backlog is in the ledger',
    async () => (await books.count()) >= wanted,
    60_000,
  ).catch(() => null);
  verdict.figure(`${name}_backlog`, backlog);
  verdict.figure(`${name}_drained_ms`, drainedMs === null ? null : rounded(drainedMs));
  verdict.expect(`what was recorded while it was ${name} did not arrive within a minute`, drainedMs !== null);
}

async function killed({ postgres }: Deployment, ms: number): Promise<void> {
  postgres.signal('SIGKILL');
  await pause(ms);
  await postgres.restart();
}

/** Its backends too: a postmaster alone is not missed. */
async function stopped({ postgres }: Deployment, ms: number): Promise<void> {
  await standStill(postgres.pid, ms);
}

async function locked({ databaseUrl }: Deployment, ms: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl ?? '' });
  await client.connect();
  try {
    await client.query('begin');
    await client.query('lock table requests in access exclusive mode');
    await pause(ms);
    await client.query('commit');
  } finally {
    await client.end();
  }
}
