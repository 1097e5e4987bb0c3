import fc from 'fast-check';
import { RAW_CORPUS, RAW_PATHS } from '../../e2e/raw-corpus.js';
import { exchangeRaw, faultsOf, inParallel } from '../../e2e/raw-exchange.js';
import { mutations, requestForNothing } from '../../e2e/raw-mutations.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { Verdict } from '../verdict.js';

const SECRET = 'sk-raw-requests-0123456789';
const AT_ONCE = 50;
const PATIENCE_MS = 200;
const FAULTS_SHOWN = 10;

/** Bytes that are no sound requests, on every path, and sound ones that were torn. */
export async function rawRequests({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('raw requests');
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: null, postgres: false },
    config: { keys: [{ id: 'raw', key: SECRET }], log: { level: 'warn' } },
  });
  try {
    const { gateway, upstream } = deployment;
    const pids = gateway.workerPids();
    const isAlive = async (): Promise<boolean> => {
      const answer = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${SECRET}` } });
      return answer.status === 200;
    };
    const cases = RAW_PATHS.flatMap((path) => RAW_CORPUS.map((one) => ({ one, path })));
    const faults = await inParallel(cases, AT_ONCE, async ({ one, path }) => {
      const outcome = await exchangeRaw(gateway.url, Buffer.from(one.bytes({ path, key: SECRET }), 'latin1'));
      const found = [...faultsOf(one, outcome), ...((await isAlive()) ? [] : ['not alive'])];
      return found.map((fault) => `${path}, ${one.name}: ${fault}`);
    });
    const seed = Date.now() % 2 ** 31;
    const torn = fc.sample(fc.tuple(fc.constantFrom(...RAW_PATHS), mutations), {
      numRuns: isQuick ? 300 : 5_000,
      seed,
    });
    const failed = await inParallel(torn, AT_ONCE, async ([path, mutate]) => {
      const bytes = Buffer.from(mutate(requestForNothing(path, SECRET)), 'latin1');
      const { statuses } = await exchangeRaw(gateway.url, bytes, { patienceMs: PATIENCE_MS });
      return statuses.filter((status) => status >= 500).map((status) => `${status} for a torn request, seed ${seed}`);
    });
    verdict.figure('cases', RAW_CORPUS.length);
    verdict.figure('paths', RAW_PATHS.length);
    verdict.figure('torn', torn.length);
    for (const fault of [...faults.flat(), ...failed.flat()].slice(0, FAULTS_SHOWN)) verdict.expect(fault, false);
    verdict.same('reached_the_upstream', (await upstream.look()).sightings.length, 0);
    verdict.same('workers_that_died', pids.filter((pid) => !gateway.workerPids().includes(pid)).length, 0);
    verdict.same('alive', await isAlive(), true);
  } finally {
    await deployment.remove();
  }
  return [verdict];
}
