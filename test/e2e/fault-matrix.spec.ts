import { allCells, configOf } from '../testing/fault-matrix/cells.js';
import { FAULT_TABLE } from '../testing/fault-matrix/fault-table.js';
import { HostileUpstreams } from '../testing/fault-matrix/hostile-upstreams.js';
import { runCells } from '../testing/fault-matrix/run-cells.js';
import type { CellResult } from '../testing/fault-matrix/run-cells.js';
import { KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const ADMIN = 'sk-e2e-admin-0123456789';
/** Of the translating pairs only those without a second choice: the experiment of the same name has them all. */
const CELLS = allCells().filter(({ client, upstream, hasFallback }) => client === upstream || !hasFallback);
const RUN_MAX_MS = 90_000;
const PAGE = 200;

let hostile: HostileUpstreams;
let rig: Rig;
let results: readonly CellResult[];

beforeAll(async () => {
  hostile = await HostileUpstreams.start();
  const keys = [
    { id: 'e2e', key: KEY },
    { id: 'boss', key: ADMIN, permissions: ['admin'] },
  ];
  // JSON is YAML.
  const sections = { ...configOf(CELLS, 'SIMULATOR', hostile.urls), keys };
  const yaml = Object.entries(sections).map(([name, section]) => `${name}: ${JSON.stringify(section)}`);
  rig = await startRig(`\n${yaml.join('\n')}`);
  results = await runCells(CELLS, { url: rig.url, secret: KEY });
}, RUN_MAX_MS);

afterAll(async () => {
  await hostile.stop();
  await rig.stop();
});

it.each(FAULT_TABLE.map(({ mode }) => mode))('%s: every client is told what became of its request', (mode) => {
  const broken = results
    .filter(({ cell, broken: found }) => cell.row.mode === mode && found.length > 0)
    .map(({ cell, broken: found }) => `${cell.name}: ${found.join('; ')}`);
  expect(broken).toEqual([]);
});

it('has exactly one record of each request', async () => {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const answer = await fetch(`${rig.ops}/admin/v1/usage?limit=${String(PAGE)}${query}`, {
      headers: { authorization: `Bearer ${ADMIN}` },
    });
    const page = (await answer.json()) as { data: { id: string }[]; next_cursor: string | null };
    ids.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(ids).toHaveLength(CELLS.length);
  expect(new Set(ids).size).toBe(CELLS.length);
});
