/**
 * `npm run chaos -- [experiment...] [--quick]`: kills and stops gateways, Redis and PostgreSQL in traffic, and finds out
 * whether limits, budgets and records are exact all the same. Prints one line of JSON for each verdict; the exit status is
 * 0 when all of them held.
 */
import { parseArgs } from 'node:util';
import type { Experiment } from './experiment.js';
import { accuracy } from './experiments/accuracy.js';
import { budgetRace } from './experiments/budget-race.js';
import { canary } from './experiments/canary.js';
import { killGateway, killWorker } from './experiments/kill-gateway.js';
import { killPostgres } from './experiments/kill-postgres.js';
import { killRedis } from './experiments/kill-redis.js';
import { sums } from './experiments/sums.js';

const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  accuracy,
  'budget-race': budgetRace,
  'kill-worker': killWorker,
  'kill-gateway': killGateway,
  sums,
  canary,
  'kill-redis': killRedis,
  'kill-postgres': killPostgres,
};

const USAGE = `npm run chaos -- [${Object.keys(EXPERIMENTS).join(' | ')}]... [--quick]`;

async function run(args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false } },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(EXPERIMENTS);
  let areAllOk = true;
  for (const name of names) {
    const experiment = EXPERIMENTS[name];
    if (experiment === undefined) throw new Error(`there is no experiment "${name}"\n${USAGE}`);
    const verdicts = await experiment({ program: 'built', isQuick: values.quick });
    for (const { line } of verdicts) process.stdout.write(`${line}\n`);
    areAllOk &&= verdicts.every(({ isOk }) => isOk);
  }
  return areAllOk;
}

try {
  process.exitCode = (await run(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
