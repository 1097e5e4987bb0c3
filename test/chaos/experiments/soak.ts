import { setTimeout as pause } from 'node:timers/promises';
import { Books, COMPLETED, doubles, sumsOf } from '../books.js';
import { load } from '../client.js';
import type { Reply } from '../client.js';
import { CROWD_TENANT, expectToldCosts } from '../crowd.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { INSPECTABLE, Inspector } from '../inspector.js';
import type { Holdings } from '../inspector.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { driftNanoUsd } from './limits-agree.js';
import { FAULTS, mixedConfig, mixedRequest, withoutText } from './mixed-traffic.js';
import { trend } from './trend.js';

/** Share of what the machine can do, load generator and upstream included. */
const LOAD = 0.6;
const CONNECTIONS = 64;
const LEG_MS = 60_000;
/** After each leg everything that runs may end, so that what is measured is what stays. */
const CALM_MS = 5_000;
/** Share of the legs in which tables and compiled code may still grow. */
const WARM_UP = 0.25;
const HOUR_MS = 3_600_000;
const MIB = 2 ** 20;
const SLOPE_MAX_MIB = 1;
/** Descriptors more or less in the end than after the warm-up: those of idle connections. */
const LOOSE_MAX = 40;
const FAULTY_LINES = /MaxListenersExceeded|unhandled|uncaught|"level":[56]0/i;

interface Sample extends Holdings {
  readonly atMs: number;
}

/** Everything that a gateway does, with faults and clients that go away, for a long time: nothing grows, and the books are exact. */
export async function soak({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('soak');
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: [], postgres: true },
    config: mixedConfig,
    nodeFlags: () => INSPECTABLE,
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  try {
    deployment.upstream.setFaults('host', FAULTS);
    const [inspector] = await Inspector.ofWorkers(deployment.gateway);
    if (inspector === undefined) throw new Error('there is no worker');
    const replies: Reply[] = [];
    const perSecond = LOAD * (await capacity(deployment, replies, isQuick ? 3_000 : 10_000));
    verdict.figure('per_second', rounded(perSecond));
    const legs = isQuick ? 3 : 19;
    const samples: Sample[] = [];
    for (let leg = 0; leg < legs; leg += 1) {
      const first = replies.length;
      const next = (number: number) => mixedRequest(first + number, deployment);
      const traffic = new SteadyTraffic(perSecond, next, withoutText);
      await pause(isQuick ? 3_000 : LEG_MS - CALM_MS);
      replies.push(...(await traffic.stop()));
      await deployment.upstream.take();
      await pause(isQuick ? 1_000 : CALM_MS);
      samples.push({ ...(await inspector.measure()), atMs: performance.now() });
    }
    inspector.close();
    judgeHoldings(verdict, samples, isQuick);
    const faulty = deployment.gateway.log.split('\n').filter((line) => FAULTY_LINES.test(line));
    verdict.same('faulty_log_lines', faulty.length, 0);
    if (faulty.length > 0) verdict.figure('examples', faulty.slice(0, 3));
    await judgeBooks(verdict, replies, { books, redis });
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return [verdict];
}

/** Requests a second that are answered when clients send the next as soon as they have an answer. */
async function capacity(deployment: Deployment, replies: Reply[], forMs: number): Promise<number> {
  const startMs = performance.now();
  let sent = 0;
  const next = () => (performance.now() - startMs < forMs ? mixedRequest(sent++, deployment) : null);
  await load(CONNECTIONS, next, (reply) => {
    replies.push(withoutText(reply));
  });
  return (sent * 1_000) / forMs;
}

function judgeHoldings(verdict: Verdict, samples: readonly Sample[], isQuick: boolean): void {
  const calm = samples.slice(Math.ceil(samples.length * WARM_UP));
  const [first, last] = [calm[0], calm.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const heap = trend(calm.map(({ atMs, heapBytes }) => [atMs / HOUR_MS, heapBytes / MIB]));
  verdict.figure('minutes', rounded((last.atMs - first.atMs) / 60_000, 1));
  verdict.figure(
    'heap_mib',
    samples.map(({ heapBytes }) => rounded(heapBytes / MIB, 1)),
  );
  verdict.figure('heap_mib_per_hour', rounded(heap.slope, 2));
  verdict.figure('give_or_take', rounded(2 * heap.error, 2));
  verdict.figure(
    'rss_mib',
    [first, last].map(({ rssBytes }) => rounded(rssBytes / MIB)),
  );
  verdict.figure(
    'external_mib',
    [first, last].map(({ externalBytes }) => rounded(externalBytes / MIB, 1)),
  );
  verdict.figure(
    'descriptors',
    [first, last].map(({ descriptors }) => descriptors),
  );
  verdict.figure(
    'sockets',
    [first, last].map(({ sockets }) => sockets),
  );
  verdict.figure(
    'resources',
    [first, last].map(({ resources }) => resources),
  );
  verdict.expect('descriptors grow', last.descriptors - first.descriptors <= LOOSE_MAX);
  const timers = ({ resources }: Holdings): number => resources['Timeout'] ?? 0;
  verdict.expect('timers grow', timers(last) <= timers(first) + 2);
  if (!isQuick) verdict.expect('the heap grows', heap.slope - 2 * heap.error <= SLOPE_MAX_MIB);
}

async function judgeBooks(
  verdict: Verdict,
  replies: readonly Reply[],
  { books, redis }: { readonly books: Books; readonly redis: RedisState },
): Promise<void> {
  const known = replies.filter(({ id, status }) => id !== null && status === 200);
  await until('the ledger has everything', async () => (await books.count()) >= known.length).catch(() => undefined);
  await until('everything is settled', async () => (await redis.leases(CROWD_TENANT)).length === 0).catch(
    () => undefined,
  );
  const rows = await books.rows();
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  verdict.figure('requests', replies.length);
  verdict.figure('whole_answers', replies.filter(({ isWhole }) => isWhole).length);
  verdict.figure(
    'cancelled',
    replies.filter(({ status, isWhole }) => status === null || (status === 200 && !isWhole)).length,
  );
  verdict.figure('failed', replies.filter(({ status }) => status !== null && status !== 200).length);
  verdict.figure('records', rows.length);
  verdict.expect('there are more records than requests', rows.length <= replies.length);
  verdict.same('lost', known.filter(({ id }) => !statuses.has(id ?? '')).length, 0);
  verdict.same('double', doubles(rows).length, 0);
  verdict.same(
    'whole_and_not_completed',
    replies.filter(({ id, isWhole }) => isWhole && statuses.get(id ?? '') !== COMPLETED).length,
    0,
  );
  expectToldCosts(verdict, replies, rows);
  verdict.figure('ledger_nano_usd', sumsOf(rows).costNanoUsd);
  verdict.same('drift_nano_usd', await driftNanoUsd(books, redis), 0);
  verdict.same('set_aside', await books.setAside(), 0);
}
