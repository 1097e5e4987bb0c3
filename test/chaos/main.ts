/**
 * `npm run chaos -- [experiment...] [--quick] [--list]`: kills and stops gateways, Redis and PostgreSQL in traffic, and finds
 * out whether limits, budgets and records are exact all the same. Without a name it runs everything. Prints one line of JSON
 * for each verdict and one for their sum; the exit status is 0 when all of them held.
 */
import { parseArgs } from 'node:util';
import { Deployment } from './deployment.js';
import { EXPERIMENTS } from './experiments-table.js';
import { Verdict } from './verdict.js';

const USAGE = `npm run chaos -- [${Object.keys(EXPERIMENTS).join(' | ')}]... [--quick] [--list]`;

async function run(args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
  });
  if (values.list) {
    process.stdout.write(`${Object.keys(EXPERIMENTS).join('\n')}\n`);
    return true;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(EXPERIMENTS);
  const chosen = names.map((name) => {
    const experiment = EXPERIMENTS[name];
    if (experiment === undefined) throw new Error(`there is no experiment "${name}"\n${USAGE}`);
    return { name, experiment };
  });
  const failed: string[] = [];
  let ok = 0;
  for (const { name, experiment } of chosen) {
    const verdicts = await experiment({ program: 'built', isQuick: values.quick }).catch((error: unknown) => {
      process.stderr.write(`${textOf(error)}\n`);
      return [notFinished(name)];
    });
    for (const { line } of verdicts) process.stdout.write(`${line}\n`);
    ok += verdicts.filter(({ isOk }) => isOk).length;
    failed.push(...verdicts.filter(({ isOk }) => !isOk).map(({ experiment: what }) => what));
  }
  process.stdout.write(`${JSON.stringify({ experiments: chosen.length, ok, failed })}\n`);
  return failed.length === 0;
}

function notFinished(name: string): Verdict {
  const verdict = new Verdict(name);
  verdict.expect('the experiment could not be carried out', false);
  return verdict;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void Deployment.removeAll().finally(() => process.exit(1));
  });
}
try {
  process.exitCode = (await run(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${textOf(error)}\n`);
  process.exitCode = 1;
}
