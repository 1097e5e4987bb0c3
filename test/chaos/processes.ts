/** Processes by their ids, from `/proc`. Linux only. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const STOP_MAX_MS = 60_000;

/** Runs Node with its outputs at the end of a file. */
export function spawnLogged(args: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(process.execPath, args, { stdio: ['ignore', log, log], env });
  closeSync(log);
  return child;
}

/** Stops a process as an operator does, waits for everything it has to do before, and answers its exit status; `null` = it was killed. */
export async function stopGently(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_MAX_MS) });
  child.kill('SIGTERM');
  await exited;
  return child.exitCode;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended between being listed and being looked at.
    return '';
  }
}

/** The children of a process that still run. */
export function childrenOf(pid: number): number[] {
  const threads = `/proc/${pid}/task`;
  const children = readThreads(threads).flatMap((thread) => read(`${threads}/${thread}/children`).trim().split(' '));
  return children.map(Number).filter((child) => child > 0 && isRunning(child));
}

/** A process that ended and was not asked for by its parent runs no more. */
export function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  return state !== '' && state !== 'Z' && state !== 'X';
}

/** Stops a process and its children for some time: they hold their connections and answer nothing. */
export async function standStill(pid: number, ms: number): Promise<void> {
  const pids = [pid, ...childrenOf(pid)];
  for (const one of pids) signal(one, 'SIGSTOP');
  await pause(ms);
  for (const one of pids) signal(one, 'SIGCONT');
}

/** Sends a signal to a process that may have ended already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readThreads(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
