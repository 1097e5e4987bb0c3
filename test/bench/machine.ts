import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release } from 'node:os';

/** The core for the system under test, and the one for what loads and answers it. Null = the scheduler decides. */
export interface Cores {
  readonly system: string;
  readonly load: string;
}

/** Two cores to pin to, where there are two and `taskset` exists. */
export function findCores(): Cores | null {
  if (availableParallelism() < 2) return null;
  return spawnSync('taskset', ['--version']).status === 0 ? { system: '0', load: '1' } : null;
}

/** One line that says what the figures were measured on. */
export function machineLine(cores: Cores | null): string {
  const pinning = cores === null ? 'not pinned' : 'system under test on one core, load and upstream on another';
  const undici = (JSON.parse(readFileSync('node_modules/undici/package.json', 'utf8')) as { version: string }).version;
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown processor'} x ${String(availableParallelism())}`,
    `${platform()} ${release()}`,
    `Node ${process.version}`,
    `undici ${undici}`,
    pinning,
  ].join(', ');
}
