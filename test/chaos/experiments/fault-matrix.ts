import { allCells, configOf } from '../../testing/fault-matrix/cells.js';
import { FAULT_TABLE } from '../../testing/fault-matrix/fault-table.js';
import { HostileUpstreams } from '../../testing/fault-matrix/hostile-upstreams.js';
import { runCells } from '../../testing/fault-matrix/run-cells.js';
import { Books, doubles } from '../books.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { Verdict } from '../verdict.js';

const SECRET = 'sk-fault-matrix-0123456789';
/** Of the rows of the table, when it is to be quick. */
const QUICK_SHARE = 6;
const FINDINGS_SHOWN = 20;

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
