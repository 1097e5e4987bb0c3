import { allCells, configOf } from '../../testing/fault-matrix/cells.js';
import type { Cell } from '../../testing/fault-matrix/cells.js';
import { FAULT_TABLE } from '../../testing/fault-matrix/fault-table.js';
import { HostileUpstreams } from '../../testing/fault-matrix/hostile-upstreams.js';
import { attemptsOf } from '../../testing/fault-matrix/promises.js';
import { runCells } from '../../testing/fault-matrix/run-cells.js';
import { Books, doubles } from '../books.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { until } from '../until.js';
import { Verdict } from '../verdict.js';
import { call } from '../operations.js';

const SECRET = 'sk-fault-matrix-0123456789';
/** Of the rows of the table, when it is to be quick. */
const QUICK_SHARE = 6;
const FINDINGS_SHOWN = 20;
const COUNT_MAX_MS = 10_000;

/** Every fault of an upstream by every client and kind of answer, alone and with a second choice, against the table of what is promised. */
export async function faultMatrix({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('fault-matrix');
  const cells = allCells(FAULT_TABLE.filter((_row, place) => !isQuick || place % QUICK_SHARE === 0));
  const hostile = await HostileUpstreams.start();
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: null, postgres: false },
    config: (upstreamUrl) => ({
      ...configOf(cells, upstreamUrl, hostile.urls),
      keys: [{ id: 'tester', key: SECRET }],
    }),
  });
  try {
    const results = await runCells(cells, { url: deployment.gateway.url, secret: SECRET });
    const failed = results.filter(({ broken }) => broken.length > 0);
    verdict.figure('cells', results.length);
    verdict.figure('cells_ok', results.length - failed.length);
    verdict.same('cells_failed', failed.length, 0);
    for (const { cell, broken } of failed.slice(0, FINDINGS_SHOWN)) {
      verdict.expect(`${cell.name}: ${broken.join('; ')}`, false);
    }
    // Workers report their counts from time to time.
    const isCounted = async (): Promise<boolean> => miscounted(cells, await metricsOf(deployment)).length === 0;
    await until('every attempt is counted', isCounted, COUNT_MAX_MS).catch(() => undefined);
    verdict.same('attempts_miscounted', miscounted(cells, await metricsOf(deployment)).join(', '), '');
    await deployment.gateway.stop();
    const books = Books.of(deployment);
    const rows = await books.rows();
    verdict.same('records', rows.length, cells.length);
    verdict.same('double_records', doubles(rows).length, 0);
    await books.close();
  } finally {
    await deployment.remove();
    await hostile.stop();
  }
  return [verdict];
}

async function metricsOf({ gateway }: Deployment): Promise<string> {
  return (await call(`${gateway.ops}/metrics`, null)).text;
}

/** What became of attempts, wherever the metric says another number than the table makes. */
function miscounted(cells: readonly Cell[], metrics: string): readonly string[] {
  const expected = new Map<string, number>();
  for (const end of cells.flatMap(attemptsOf)) {
    const result = end ?? 'served';
    expected.set(result, (expected.get(result) ?? 0) + 1);
  }
  const series = metrics.matchAll(/^switchyard_upstream_attempts_total\{result="(\w+)"\} (\d+)$/gm);
  const counted = new Map([...series].map(([, result = '', count]) => [result, Number(count)]));
  return [...expected]
    .filter(([result, count]) => counted.get(result) !== count)
    .map(([result, count]) => `${result}: ${String(counted.get(result))} of ${String(count)}`);
}
