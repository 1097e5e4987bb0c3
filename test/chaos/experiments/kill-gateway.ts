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
/** A slot that a dead gateway left behind is free after its lease of a minute. */
const LEASE_MS = 65_000;
const SETTLED_MAX_MS = 10_000;
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
  return killInRounds('worker', options);
}

/** kill -9 of a whole gateway under open streams, and its start afterwards. */
export function killGateway(options: ExperimentOptions): Promise<readonly Verdict[]> {
  return killInRounds('gateway', options);
}

async function killInRounds(victim: Victim, { program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: WORKERS, redis: [], postgres: true },
    config: crowdConfig(STREAMS),
  });
  try {
    const rounds = isQuick ? 3 : 20;
    return [await killUnderStreams(deployment, { victim, streams: STREAMS, rounds, awaitsLeases: true })];
  } finally {
    await deployment.remove();
  }
}

export interface KillPlan {
  readonly victim: Victim;
  /** Open at the same time; the deployment's crowd has as many members. */
  readonly streams: number;
  readonly rounds: number;
  /** Waits until the slots of requests that died between their reservation and their record are free, too. */
  readonly awaitsLeases: boolean;
}

/** Kills processes of the first gateway of a deployment, round after round. */
export async function killUnderStreams(deployment: Deployment, plan: KillPlan): Promise<Verdict> {
  const verdict = new Verdict(`kill -9 of a ${plan.victim}`);
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  try {
    const rounds: RoundOutcome[] = [];
    for (let number = 1; number <= plan.rounds; number += 1) {
      rounds.push(await playRound(number, plan, deployment, books));
    }
    await judge({ verdict, rounds, plan, books, redis });
  } finally {
    redis.close();
    await books.close();
  }
  return verdict;
}

async function playRound(
  number: number,
  { victim, streams }: KillPlan,
  deployment: Deployment,
  books: Books,
): Promise<RoundOutcome> {
  const { gateway, upstream } = deployment;
  await upstream.take();
  const startMs = Date.now();
  const round = new Round(number, streams, deployment);
  // Every round hits another moment: from requests that are just being admitted to streams that are all open.
  const isEarly = number % 3 === 0;
  if (isEarly) await until('the first answers begin', () => round.answered > 0);
  else await until('the streams are open', () => round.answered === streams);
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
  await until('every request that ended is in the ledger', isVisible, ORPHANS_VISIBLE_MS).catch(() => undefined);
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

interface Evidence {
  readonly verdict: Verdict;
  readonly rounds: readonly RoundOutcome[];
  readonly plan: KillPlan;
  readonly books: Books;
  readonly redis: RedisState;
}

async function judge({ verdict, rounds, plan, books, redis }: Evidence): Promise<void> {
  const rows = await books.rows();
  const orphans = rows.filter(({ status }) => status === ORPHANED).length;
  const lost = rounds.flatMap((round) => round.lost);
  const double = rounds.flatMap((round) => round.double);
  verdict.figure('rounds', rounds.length);
  verdict.figure('streams', plan.streams);
  verdict.figure('records', total(rounds.map(({ records }) => records)));
  verdict.figure('completed', total(rounds.map(({ completed }) => completed)));
  verdict.figure('orphans', orphans);
  verdict.same('lost', lost.length, 0);
  verdict.same('double', double.length, 0);
  if (lost.length + double.length > 0) verdict.figure('examples', [...lost, ...double].slice(0, 5));
  verdict.same('set_aside', await books.setAside(), 0);
  verdict.expect('nothing was orphaned, so nothing was hit', orphans > 0);
  const readyMs = rounds.map((round) => round.readyMs);
  const visibleMs = Math.max(...rounds.map(({ orphansVisibleMs }) => orphansVisibleMs));
  verdict.figure('ready_ms_median', rounded(percentile(readyMs, 0.5)));
  verdict.figure('ready_ms_most', rounded(Math.max(...readyMs)));
  verdict.figure('orphans_visible_ms_most', rounded(visibleMs));
  verdict.expect('orphans were not visible within 30 s', visibleMs < ORPHANS_VISIBLE_MS);
  const replies = rounds.flatMap((round) => round.replies);
  const longestMs = Math.max(...replies.map(({ startedMs, endedMs }) => endedMs - startedMs));
  verdict.figure('longest_answer_ms', longestMs);
  verdict.expect('a client was left waiting for a process that was no more', longestMs < ANSWER_MAX_MS);
  expectToldCosts(verdict, replies, rows);
  await judgeSlots({ verdict, rounds, plan, books, redis });
}

/** What has a record gives its slot back with it; what died between reservation and record, when its lease ends. */
async function judgeSlots({ verdict, plan, books, redis }: Evidence): Promise<void> {
  const recorded = new Set((await books.rows()).map(({ id }) => id));
  const slots = (): Promise<readonly string[]> => redis.slots(CROWD_TENANT, `tenant:${CROWD_TENANT}`);
  const areFree = async (): Promise<boolean> => !(await slots()).some((id) => recorded.has(id));
  const isFreed = await until('the slots of recorded requests are free', areFree, SETTLED_MAX_MS).then(
    () => true,
    () => false,
  );
  verdict.expect('requests that have a record kept their slots', isFreed);
  verdict.figure('slots_until_lease_end', (await slots()).length);
  if (!plan.awaitsLeases) return;
  const freedMs = await until('all slots are free', async () => (await slots()).length === 0, LEASE_MS).catch(
    () => null,
  );
  verdict.figure('slots_free_after_ms', freedMs === null ? null : rounded(freedMs));
  verdict.same('slots_leaked', (await slots()).length, 0);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
