import { setTimeout as pause } from 'node:timers/promises';
import { load } from '../client.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { INSPECTABLE, Inspector } from '../inspector.js';
import type { Holdings } from '../inspector.js';
import { rounded, Verdict } from '../verdict.js';
import { FAULTS, mixedConfig, mixedRequest } from './mixed-traffic.js';

const CONNECTIONS = 32;
const LEGS = 5;
/** Longer than idle connections to an upstream are kept, and than anything waits that a request left behind. */
const CALM_MS = 6_000;
const GROWTH_MAX = 1.02;
/** Sockets of clients come and go by themselves, and now and then a file is just being looked at. */
const FLEETING = ['TCPSocketWrap', 'FSReqPromise', 'FSReqCallback'];

/** Five times the same work, and what is held after each: nothing that a request needed may stay. */
export async function leak({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('what is held after requests');
  const perLeg = isQuick ? 300 : 2_000;
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: [], postgres: false },
    config: mixedConfig,
    nodeFlags: () => INSPECTABLE,
  });
  try {
    deployment.upstream.setFaults('host', FAULTS);
    const [inspector] = await Inspector.ofWorkers(deployment.gateway);
    if (inspector === undefined) throw new Error('there is no worker');
    let sent = 0;
    const holdings: Holdings[] = [];
    // The first leg warms up: code is compiled, pools and tables grow to their size.
    for (let leg = 0; leg <= LEGS; leg += 1) {
      const last = sent + perLeg;
      await load(
        CONNECTIONS,
        () => (sent < last ? mixedRequest(sent++, deployment) : null),
        () => undefined,
      );
      await deployment.upstream.take();
      await pause(isQuick ? CALM_MS / 4 : CALM_MS);
      holdings.push(await inspector.measure());
    }
    inspector.close();
    judge(verdict, holdings.slice(1), holdings[0]);
    verdict.figure('requests', sent);
  } finally {
    await deployment.remove();
  }
  return [verdict];
}

function judge(verdict: Verdict, holdings: readonly Holdings[], before: Holdings | undefined): void {
  const heap = holdings.map(({ heapBytes }) => heapBytes);
  verdict.figure(
    'heap_mib',
    heap.map((bytes) => rounded(bytes / 2 ** 20, 2)),
  );
  const lastThree = heap.slice(-3).map((bytes, index) => bytes / (heap.at(index - 4) ?? bytes));
  verdict.figure(
    'growth_of_the_last_three',
    lastThree.map((share) => rounded(share, 4)),
  );
  verdict.expect('each of the last three heaps is larger', !lastThree.every((share) => share > GROWTH_MAX));
  const kept = ({ resources }: Holdings | { resources: Holdings['resources'] }): string =>
    JSON.stringify(
      Object.entries(resources)
        .filter(([kind]) => !FLEETING.includes(kind))
        .sort(),
    );
  verdict.figure(
    'sockets',
    holdings.map(({ sockets }) => sockets),
  );
  verdict.same('resources', kept(holdings.at(-1) ?? { resources: {} }), kept(before ?? { resources: {} }));
}
