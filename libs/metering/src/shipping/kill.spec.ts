import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, until } from '../testing/folder.js';

const HOOKS = fileURLToPath(new URL('../../../../test/testing/from-source.mjs', import.meta.url));
const WRITER = fileURLToPath(new URL('../testing/journal-program.ts', import.meta.url));
const SHIPPER = fileURLToPath(new URL('../testing/shipper-program.ts', import.meta.url));
const ROUNDS = 6;
/** Apart from each other, so that every process has ids of its own. */
const IDS = 1_000_000;

interface Row {
  readonly id: string;
  readonly status: string;
  readonly cost: number;
}

describe('kill -9', () => {
  const children: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map(kill));
  });
  const folder = temporaryFolder();

  function start(program: string, args: readonly string[], output: string): ChildProcess {
    const fd = openSync(join(folder(), output), 'a');
    const child = spawn(process.execPath, ['--import', HOOKS, program, ...args], {
      stdio: ['ignore', fd, 'inherit'],
      env: {},
    });
    closeSync(fd);
    children.push(child);
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  const linesOf = (output: string): string[] => readFileSync(join(folder(), output), 'utf8').trimEnd().split('\n');

  it('of writers and shippers at any moment loses no finished request, doubles none, and orphans exactly the others', async () => {
    const root = join(folder(), 'data', 'journal');
    const path = join(folder(), 'ledger.sqlite');
    const ship = (): ChildProcess => start(SHIPPER, [root, path], 'shipper');
    let shipper = ship();
    const outputs: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const writers = [0, 1].map((index) => {
        const output = `writer-${round}-${index}`;
        outputs.push(output);
        const first = String(outputs.length * IDS);
        return start(WRITER, [join(root, output), first, index === 0 ? 'process' : 'disk'], output);
      });
      // Somewhere in the middle of its work: how much was promised is the only clock that these processes share.
      const promises = Math.floor(Math.random() * 150_000);
      await until(() => statSync(join(folder(), outputs.at(-2)!)).size > promises);
      if (round % 2 === 0) {
        await kill(shipper);
        await Promise.all(writers.map(kill));
        shipper = ship();
      } else {
        await Promise.all(writers.map(kill));
      }
    }
    // A writer that was killed before it could say who it is counts as dead only when it has been silent for a while.
    await until(() => existsSync(path) && readdirSync(root).length === 0, 60_000);
    await kill(shipper);

    const database = new DatabaseSync(path);
    const rows = database.prepare('select id, status, cost from records').all() as unknown as Row[];
    const told = database.prepare('select distinct id from orphans').all() as unknown as Row[];
    database.close();
    const found = new Map(rows.map((row) => [row.id, row]));
    const lines = outputs.flatMap(linesOf);
    const idsAfter = (word: string): string[] =>
      lines.filter((line) => line.startsWith(word)).map((line) => line.slice(2));
    const [begun, finished] = [new Set(idsAfter('b ')), new Set(idsAfter('f '))];

    expect(finished.size).toBeGreaterThan(100);
    expect([...begun].filter((id) => !found.has(id))).toEqual([]);
    expect([...finished].filter((id) => found.get(id)?.status !== 'completed')).toEqual([]);
    const completed = rows.filter(({ status }) => status === 'completed');
    expect(completed.filter(({ id, cost }) => Number.parseInt(id, 16) !== cost)).toEqual([]);
    // What was written in the moment before the end was promised to nobody: at most what ran then, either way.
    expect(completed.length - finished.size).toBeLessThanOrEqual(outputs.length * 40);
    const orphans = rows.filter(({ status }) => status === 'orphaned').map(({ id }) => id);
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set(orphans));
    expect(orphans.length).toBeGreaterThan(0);
  }, 120_000);
});
