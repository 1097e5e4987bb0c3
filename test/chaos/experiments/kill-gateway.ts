import { setTimeout as pause } from 'node:timers/promises';
import { Books, ORPHANED } from '../books.js';
import type { Row } from '../books.js';
import { CROWD_TENANT, crowdConfig, examine, expectToldCosts, memberId, memberOf, Round } from '../crowd.js';
import { ANSWER_MAX_MS } from '../client.js';
import type { Reply } from '../client.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { until } from '../until.js';
import { percentile, rounded, Verdict } from '../verdict.js';

/** Which processes are killed. */
type Victim = 'worker' | 'gateway';

const STREAMS = 200;
const WORKERS = 2;
/** A slot that a dead gateway left behind is free after its lease. */
const LEASE_MS = 60_000;
const ORPHANS_VISIBLE_MS = 30_000;

interface RoundOutcome {
  readonly lost: readonly string[];
  readonly double: readonly string[];
  readonly records: number;
  readonly completed: number;
  readonly orphansVisibleMs: number;
  readonly readyMs: number;
  readonly replies: readonly Reply[];
}

/** kill -9 of one of two workers under open streams. */
export function killWorker(options: ExperimentOptions): Promise<readonly Verdict[]> {
  return killUnderStreams('worker', options);
}

/** kill -9 of a whole gateway under open streams, and its start afterwards. */
export function killGateway(options: ExperimentOptions): Promise<readonly Verdict[]> {
  return killUnderStreams('gateway', options);
}

async function killUnderStreams(victim: Victim, { program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: WORKERS, redis: [], postgres: true },
    config: crowdConfig(STREAMS),
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  const verdict = new Verdict(`kill -9 of a ${victim}`);
  try {
    const rounds: RoundOutcome[] = [];
    for (let number = 1; number <= (isQuick ? 3 : 20); number += 1) {
      rounds.push(await playRound(number, victim, deployment, books));
    }
    await judge(verdict, rounds, books, redis);
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return [verdict];
}

async function playRound(number: number, victim: Victim, deployment: Deployment, books: Books): Promise<RoundOutcome> {
  const { gateway, upstream } = deployment;
  await upstream.take();
  const startMs = Date.now();
  const round = new Round(number, STREAMS, deployment);
  // Every round hits another moment: from requests that are just being admitted to streams that are all open.
  const isEarly = number % 3 === 0;
  if (isEarly) await until('the first answers begin', () => round.answered > 0);
  else await until('the streams are open', () => round.answered === STREAMS);
  if (!isEarly) await pause(number * 40);
  const killedMs = performance.now();
  if (victim === 'worker') await gateway.killWorker(number % WORKERS);
  else await gateway.kill();
  const readyMs = victim === 'worker' ? await gateway.whenReady() : await gateway.start();
  // The kernel resets the connections of the dead at once: what ended at the upstream has a record, or will have.
  const isVisible = async (): Promise<boolean> => {
    const { sightings } = await upstream.look();
    const rows = rowsBetween(await books.rows(), startMs, Date.now());
    const keys = new Set(rows.map(({ keyId }) => keyId));
    return sightings.every(({ tag, endedMs }) => endedMs === null || keys.has(memberId(memberOf(tag))));
  };
  await until('every request that ended is in the ledger', isVisible, 2 * ORPHANS_VISIBLE_MS).catch(() => undefined);
  const orphansVisibleMs = performance.now() - killedMs;
  const replies = await round.replies;
  const endMs = Date.now();
  const { sightings } = await upstream.look();
  await until('what was answered is in the ledger', async () => areIn(await books.rows(), replies)).catch(
    () => undefined,
  );
  const findings = examine({ number, replies, sightings, rows: await books.rows(), startMs, endMs });
  return { ...findings, orphansVisibleMs, readyMs, replies };
}

function areIn(rows: readonly Row[], replies: readonly Reply[]): boolean {
  const ids = new Set(rows.map(({ id }) => id));
  return replies.every(({ id, status }) => status !== 200 || ids.has(id ?? ''));
}

function rowsBetween(rows: readonly Row[], startMs: number, endMs: number): readonly Row[] {
  return rows.filter(({ createdAtMs }) => createdAtMs >= startMs && createdAtMs <= endMs);
}

async function judge(
  verdict: Verdict,
  rounds: readonly RoundOutcome[],
  books: Books,
  redis: RedisState,
): Promise<void> {
  const rows = await books.rows();
  const orphans = rows.filter(({ status }) => status === ORPHANED);
  const sum = (of: (round: RoundOutcome) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const most = (of: (round: RoundOutcome) => number): number => rounded(Math.max(...rounds.map(of)));
  verdict.figure('rounds', rounds.length);
  verdict.figure('streams', STREAMS);
  verdict.figure(
    'records',
    sum(({ records }) => records),
  );
  verdict.figure(
    'completed',
    sum(({ completed }) => completed),
  );
  verdict.figure('orphans', orphans.length);
  verdict.same(
    'lost',
    sum(({ lost }) => lost.length),
    0,
  );
  verdict.same(
    'double',
    sum(({ double }) => double.length),
    0,
  );
  verdict.same('set_aside', await books.setAside(), 0);
  verdict.expect('nothing was orphaned, so nothing was hit', orphans.length > 0);
  verdict.figure(
    'ready_ms_median',
    rounded(
      percentile(
        rounds.map(({ readyMs }) => readyMs),
        0.5,
      ),
    ),
  );
  verdict.figure(
    'ready_ms_most',
    most(({ readyMs }) => readyMs),
  );
  verdict.figure(
    'orphans_visible_ms_most',
    most(({ orphansVisibleMs }) => orphansVisibleMs),
  );
  verdict.expect(
    'orphans were not visible within 30 s',
    most(({ orphansVisibleMs }) => orphansVisibleMs) <= ORPHANS_VISIBLE_MS,
  );
  const recorded = new Set(rows.map(({ id }) => id));
  const owner = `tenant:${CROWD_TENANT}`;
  // What is in the ledger was settled with its orphan; what died between reservation and journal waits for its lease.
  const left = await redis.slots(CROWD_TENANT, owner);
  verdict.same('slots_of_recorded_requests', left.filter((id) => recorded.has(id)).length, 0);
  verdict.figure('slots_until_lease_end', left.length);
  const freedMs = await until(
    'all slots are free',
    async () => (await redis.slots(CROWD_TENANT, owner)).length === 0,
    LEASE_MS + 5_000,
  ).catch(() => null);
  verdict.figure('slots_free_after_ms', freedMs === null ? null : rounded(freedMs));
  verdict.same('slots_leaked', (await redis.slots(CROWD_TENANT, owner)).length, 0);
  const durations = rounds.flatMap(({ replies }) => replies.map(({ startedMs, endedMs }) => endedMs - startedMs));
  verdict.figure('longest_answer_ms', Math.max(...durations));
  verdict.same('clients_left_waiting', durations.filter((ms) => ms >= ANSWER_MAX_MS).length, 0);
  expectToldCosts(
    verdict,
    rounds.flatMap(({ replies }) => replies),
    rows,
  );
  for (const { lost, double } of rounds)
    if (lost.length + double.length > 0) verdict.figure('examples', [...lost, ...double].slice(0, 5));
}
