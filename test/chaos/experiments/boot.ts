import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from '../client.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { call, degradedProcesses } from '../operations.js';
import { isRunning } from '../processes.js';
import type { ProxyOrder } from '../proxy-main.js';
import { until } from '../until.js';
import { Verdict, rounded } from '../verdict.js';

const ADMIN_SECRET = 'sk-admin-of-the-starts-0123456789';
/** How soon all is well once the stores are. */
const WELL_MAX_MS = 3_000;
/** How long a start may take without them. */
const START_MAX_MS = 20_000;

type Store = 'redis' | 'postgres';
type Ailment = 'refuse' | 'silence';

interface Case {
  readonly away: readonly Store[];
  readonly ailment: Ailment;
}

const BOTH: readonly Store[] = ['redis', 'postgres'];
const CASES: readonly Case[] = (['refuse', 'silence'] as const).flatMap((ailment) =>
  [['redis'], ['postgres'], BOTH].map((away) => ({ away: away as readonly Store[], ailment })),
);

/** Starts a gateway whose stores refuse connections or swallow what is sent to them, and lets them come back. */
export async function boot({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const crowd = crowdConfig(1);
  const admin = { id: 'admin', key: ADMIN_SECRET, permissions: ['admin'] };
  const keys = [...(crowd['keys'] as object[]), admin];
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 2, redis: [], postgres: true, isProxied: true },
    config: JSON.parse(JSON.stringify({ ...crowd, keys })) as typeof crowd,
  });
  try {
    const cases = isQuick ? CASES.filter(({ away, ailment }) => away === BOTH && ailment === 'silence') : CASES;
    const verdict = new Verdict('started without its stores');
    for (const one of cases) await startWithout(deployment, one, verdict);
    return [verdict, await startWithoutAnyKey(deployment, crowd['tenants'] as object[])];
  } finally {
    await deployment.remove();
  }
}

/** Keys in the file are enough to serve; what the stores are for is there soon after them. */
async function startWithout(deployment: Deployment, { away, ailment }: Case, verdict: Verdict): Promise<void> {
  const { gateway } = deployment;
  const name = `${away.join(' and ')} ${ailment === 'refuse' ? 'refuse' : 'silent'}`;
  await gateway.stop();
  await order(deployment, away, ailment);
  const readyMs = await gateway.start();
  verdict.expect(`${name}: not ready within ${START_MAX_MS} ms`, readyMs < START_MAX_MS);
  const workers = gateway.workerPids().join();
  const { url } = gateway;
  const reply = await ask({ url, secret: memberSecret(0), tag: name.replaceAll(' ', '-'), model: MODELS.quick });
  // Budgets are not given out on trust while a store is only silent.
  const isServed = reply.status === 200 || (away.includes('redis') && reply.status === 503);
  verdict.expect(`${name}: a request was answered ${String(reply.status)} ${String(reply.errorCode)}`, isServed);
  const healedMs = performance.now();
  await order(deployment, away, 'heal');
  const wellMs = await until('all is well', () => isWell(deployment), 30_000).catch(() => null);
  verdict.figure(name, { ready_ms: rounded(readyMs), status: reply.status, well_after_ms: wellMs && rounded(wellMs) });
  verdict.expect(`${name}: not well within 3 s`, wellMs !== null && performance.now() - healedMs < WELL_MAX_MS + 200);
  verdict.expect(`${name}: workers were replaced`, gateway.workerPids().join() === workers);
}

/** Nobody is known, so nobody can be served: not ready, for as long as it takes, and then soon. */
async function startWithoutAnyKey(deployment: Deployment, tenants: readonly object[]): Promise<Verdict> {
  const verdict = new Verdict('started without a database, a snapshot of it, or a key');
  const { gateway } = deployment;
  await gateway.stop();
  rmSync(gateway.dataDir, { recursive: true });
  gateway.configure({ keys: [], tenants: JSON.parse(JSON.stringify(tenants)) as [] });
  await order(deployment, ['postgres'], 'silence');
  const ready = gateway.start();
  await until('it lives', async () => (await call(`${gateway.ops}/healthz`, null).catch(() => null))?.status === 200);
  const { pid } = gateway;
  await pause(5_000);
  verdict.same('readiness', (await call(`${gateway.ops}/readyz`, null)).status, 503);
  verdict.expect('it did not live on', isRunning(pid));
  const healedMs = performance.now();
  await order(deployment, ['postgres'], 'heal');
  await ready;
  const wellMs = performance.now() - healedMs;
  verdict.figure('ready_after_ms', rounded(wellMs));
  verdict.expect('it was not ready within 3 s', wellMs < WELL_MAX_MS);
  return verdict;
}

/** Limits are shared, and keys can be managed. */
async function isWell({ gateway }: Deployment): Promise<boolean> {
  if ((await degradedProcesses(gateway.ops)) > 0) return false;
  const answer = await call(`${gateway.ops}/admin/v1/keys?limit=1`, ADMIN_SECRET).catch(() => null);
  return answer?.status === 200;
}

async function order(deployment: Deployment, stores: readonly Store[], what: Ailment | 'heal'): Promise<void> {
  for (const store of stores) {
    const proxy = store === 'redis' ? deployment.redisProxy : deployment.postgresProxy;
    await proxy.order({ do: what } satisfies ProxyOrder);
  }
}
