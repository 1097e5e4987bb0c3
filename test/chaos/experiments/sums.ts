import { setTimeout as pause } from 'node:timers/promises';
import { Books, COMPLETED, doubles, sumsOf } from '../books.js';
import type { Row } from '../books.js';
import type { Ask, Reply } from '../client.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { standStill } from '../processes.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { Verdict } from '../verdict.js';
import { DURABLE_REDIS, RECONCILED_MAX_MS } from './kill-redis.js';
import { agreement, driftNanoUsd } from './limits-agree.js';
import { FIGURES_MS, untilShared } from './until-shared.js';

const GATEWAYS = 2;
const WORKERS = 2;
const MEMBERS = 20;
const PER_SECOND = 60;
const BREATH_MS = 2_000;
const STILL_MS = 3_000;

type Blow = (deployment: Deployment) => Promise<unknown>;

/** Everything that is done to a deployment in traffic, in order. */
const BLOWS: readonly (readonly [name: string, blow: Blow])[] = [
  ['a worker is killed', ({ gateway }) => gateway.killWorker()],
  ['PostgreSQL is killed', ({ postgres }) => postgres.restart()],
  ['Redis is killed', ({ redis }) => redis.restart()],
  ['a gateway is killed', (deployment) => killAndStart(deployment, 1)],
  ['Redis stands still', ({ redis }) => standStill(redis.pid, STILL_MS)],
  ['PostgreSQL stands still', ({ postgres }) => standStill(postgres.pid, STILL_MS)],
  ['a worker is killed', (deployment) => deployment.gatewayAt(1).killWorker(1)],
  ['a gateway is killed', (deployment) => killAndStart(deployment, 0)],
];

/** After all that, five sums are the same to the nano-dollar: what clients were told, records, hours, days, and the limits. */
export async function sums({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('sums after chaos');
  const deployment = await Deployment.start({
    ...{
      program,
      gateways: GATEWAYS,
      workers: WORKERS,
      redis: DURABLE_REDIS,
      postgres: true,
    },
    config: crowdConfig(MEMBERS),
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  deployment.startMaintenance(program);
  try {
    const traffic = new SteadyTraffic(PER_SECOND, (number) => requestOf(number, deployment));
    for (let turn = 0; turn < (isQuick ? 1 : 3); turn += 1) {
      for (const [, blow] of BLOWS) {
        await pause(BREATH_MS);
        await blow(deployment);
        // What a gateway has yet to tell Redis dies with it, and is found again when the books are compared: not here.
        await pause(FIGURES_MS);
        await untilShared(deployment);
      }
    }
    await pause(BREATH_MS);
    const replies = await traffic.stop();
    await Promise.all(deployment.gateways.map((gateway) => gateway.whenReady()));
    await until('everything is settled', async () => (await driftNanoUsd(books, redis)) === 0).catch(() => undefined);
    const repaired = await repair(books, redis);
    verdict.figure('repaired_by_maintenance_nano_usd', repaired);
    // Stopping ships the last record and delivers the last settlement.
    await deployment.stopGateways();
    await judge({ verdict, replies, books, redis, repaired });
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return [verdict];
}

/** Answers at once, late ones, long streams, and both protocols. */
function requestOf(number: number, deployment: Deployment): Ask {
  const member = number % MEMBERS;
  const { url } = deployment.gatewayAt(number);
  const kinds: readonly Partial<Ask>[] = [
    { model: MODELS.quick },
    { model: MODELS.quick, protocol: 'messages' },
    { model: MODELS.late, stream: true },
    { model: MODELS.slow, stream: true, words: 30 },
    { model: MODELS.late, stream: true, protocol: 'messages' },
    { model: MODELS.quick, padding: 500 },
  ];
  // Kinds and members must not keep step.
  const kind = kinds[Math.floor(number / MEMBERS) % kinds.length];
  return { url, secret: memberSecret(member), tag: String(number), model: MODELS.quick, ...kind };
}

async function killAndStart(deployment: Deployment, place: number): Promise<void> {
  const gateway = deployment.gatewayAt(place);
  await gateway.kill();
  await gateway.start();
}

/** What limits lost with a gateway that died while it could not reach Redis, maintenance finds in the ledger. Answers how much that was. */
async function repair(books: Books, redis: RedisState): Promise<number> {
  const drift = await driftNanoUsd(books, redis);
  const isRepaired = async (): Promise<boolean> => {
    const { ledger, charged } = await agreement(books, redis);
    return charged >= ledger;
  };
  if (drift > 0) await until('maintenance repaired the limits', isRepaired, RECONCILED_MAX_MS).catch(() => undefined);
  return drift;
}

interface Evidence {
  readonly verdict: Verdict;
  readonly replies: readonly Reply[];
  readonly books: Books;
  readonly redis: RedisState;
  readonly repaired: number;
}

async function judge({ verdict, replies, books, redis, repaired }: Evidence): Promise<void> {
  const rows = await books.rows();
  const ledger = sumsOf(rows);
  verdict.figure('requests', replies.length);
  verdict.figure('whole_answers', replies.filter(({ isWhole }) => isWhole).length);
  verdict.figure(
    'by_status',
    countsBy(rows, ({ status }) => String(status)),
  );
  verdict.figure(
    'answers',
    countsBy(replies, ({ status, errorCode }) => `${String(status)} ${errorCode ?? ''}`.trim()),
  );
  verdict.figure('ledger_nano_usd', ledger.costNanoUsd);
  verdict.same('double', doubles(rows).length, 0);
  verdict.same('set_aside', await books.setAside(), 0);
  judgeTold(verdict, replies, rows);
  for (const table of ['rollups_hourly', 'rollups_daily'] as const) {
    const rollups = await books.rollups(table);
    verdict.same(`${table}_requests`, rollups.requests, ledger.requests);
    verdict.same(`${table}_nano_usd`, rollups.costNanoUsd, ledger.costNanoUsd);
  }
  const { charged, unsettled, drift } = await agreement(books, redis);
  verdict.figure('charged_nano_usd', charged);
  verdict.figure('reserved_without_record_nano_usd', unsettled);
  verdict.figure('limits_nano_usd', charged - unsettled);
  // Where maintenance had to bring back what a gateway could not tell any more, it cannot know what was reserved beside it.
  if (repaired === 0) verdict.same('drift_nano_usd', drift, 0);
  verdict.expect('the limits know of less than was spent', charged >= ledger.costNanoUsd);
  verdict.expect('the limits know of more than was spent', charged - unsettled <= ledger.costNanoUsd);
}

/** What clients were told of whole answers, and the records of all others, make the ledger. */
function judgeTold(verdict: Verdict, replies: readonly Reply[], rows: readonly Row[]): void {
  const whole = replies.filter(({ isWhole }) => isWhole);
  const told = new Map(whole.map(({ id, costNanoUsd }) => [id ?? '', costNanoUsd]));
  const others = rows.filter(({ id }) => (told.get(id) ?? null) === null);
  const toldNanoUsd = whole.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
  verdict.figure('told_nano_usd', toldNanoUsd);
  verdict.figure('others_nano_usd', sumsOf(others).costNanoUsd);
  verdict.same('told_and_others_nano_usd', toldNanoUsd + sumsOf(others).costNanoUsd, sumsOf(rows).costNanoUsd);
  const recorded = new Map(rows.map((row) => [row.id, row]));
  verdict.same(
    'whole_answers_without_record',
    whole.filter(({ id }) => recorded.get(id ?? '')?.status !== COMPLETED).length,
    0,
  );
}

function countsBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(items, nameOf)].map(([name, { length }]) => [name, length]));
}
