/**
 * `npm run bench`: asks the upstream directly, through a bare Node proxy, through Switchyard and through Portkey's gateway,
 * in turn and in several rounds of one run, and prints medians and ratios. Absolute figures depend on the machine and its
 * mood; the ratios are what counts.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions, USAGE } from './bench-options.ts';
import type { BenchOptions } from './bench-options.ts';
import { ChildProcesses } from './child-processes.ts';
import { findCores, machineLine } from './machine.ts';
import { measure, rehearse } from './measure.ts';
import type { Case, Measurement } from './measure.ts';
import { ratios, summarise } from './report.ts';
import { reportText } from './report-text.ts';
import { whatIsWrong } from './readiness.ts';
import { directSystem, LOG_NAME, startBareProxy, startPortkey, startSwitchyard } from './systems.ts';
import type { Setting, System } from './systems.ts';
import type { AnswerKind, BodySize } from './workload.ts';

const WORK: readonly (readonly [AnswerKind, BodySize])[] = [
  ['json', 'small'],
  ['json', 'large'],
  ['burst', 'small'],
  ['stream', 'small'],
  ['paced', 'small'],
];

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Everything that could be started and answers as it should. */
async function startSystems(setting: Setting): Promise<readonly System[]> {
  const started = [
    directSystem(setting),
    await startBareProxy(setting),
    await startSwitchyard(setting),
    await startPortkey(setting),
  ].flat();
  const systems: System[] = [];
  for (const system of started) {
    if (typeof system === 'string') {
      say(system);
      continue;
    }
    const fault = await whatIsWrong(system);
    if (fault === null) systems.push(system);
    else say(`${system.name} is left out, it does not answer as it should: ${fault}`);
  }
  return systems;
}

/** All cases of a round. Each round starts with another system, so that none always follows the same neighbour. */
function casesOfRound(systems: readonly System[], round: number): readonly Case[] {
  const turn = round % systems.length;
  const order = [...systems.slice(turn), ...systems.slice(0, turn)];
  return WORK.flatMap(([kind, size]) => order.map((system) => ({ system, kind, size })));
}

async function measureAll(
  generator: ChildProcess,
  systems: readonly System[],
  options: BenchOptions,
  logPath: string,
): Promise<readonly Measurement[]> {
  for (const system of systems) {
    say(`warming up: ${system.name}`);
    await rehearse(generator, { system, kind: 'json', size: 'small' }, options);
    await rehearse(generator, { system, kind: 'stream', size: 'small' }, options);
  }
  const measurements: Measurement[] = [];
  for (let round = 0; round < options.rounds; round++) {
    if (existsSync(logPath)) truncateSync(logPath);
    say(`round ${String(round + 1)} of ${String(options.rounds)}`);
    for (const one of casesOfRound(systems, round)) measurements.push(await measure(generator, one, round, options));
  }
  return measurements;
}

async function run(options: BenchOptions, children: ChildProcesses, folder: string): Promise<void> {
  const cores = findCores();
  const core = cores?.load ?? null;
  const upstream = await children.startServer({ args: [join(import.meta.dirname, 'upstream.ts')], core });
  const generator = children.start({
    args: [join(import.meta.dirname, 'load-generator.ts')],
    core,
    output: 'ignore',
    channel: true,
  });
  const systems = await startSystems({ children, cores, upstreamPort: upstream.port, folder });
  const measurements = await measureAll(generator, systems, options, join(folder, LOG_NAME));
  const machine = machineLine(cores);
  const summaries = summarise(measurements);
  const comparisons = ratios(measurements);
  process.stdout.write(`${reportText(machine, summaries, comparisons)}\n`);
  if (options.jsonFile !== null) {
    const figures = { machine, options, summaries, ratios: comparisons, measurements };
    writeFileSync(options.jsonFile, `${JSON.stringify(figures, null, 2)}\n`);
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const children = new ChildProcesses();
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const abandon = (reason: string): void => {
    say(`The bench is stopped: ${reason}`);
    children.killAll();
    process.exit(1);
  };
  process.on('SIGINT', () => {
    abandon('interrupted.');
  });
  process.on('SIGTERM', () => {
    abandon('terminated.');
  });
  const watchdog = setTimeout(() => {
    abandon('it took too long.');
  }, options.totalMaxMs);
  try {
    await run(options, children, folder);
  } finally {
    clearTimeout(watchdog);
    await children.stopAll();
  }
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  say(USAGE);
  process.exitCode = 1;
});
