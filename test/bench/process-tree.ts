/** CPU time and memory of a process and all its descendants, from `/proc`. Linux only; elsewhere the answer is null. */
import { readdirSync, readFileSync } from 'node:fs';

export interface TreeSample {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly processes: number;
}

interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended between the listing and the look at it.
    return null;
  }
}

function listOrEmpty(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readStat(pid: string): ProcessStat | null {
  const text = readOrNull(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field, the name in parentheses, may hold spaces; the rest counts from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number(pid), parentPid: Number(fields[1]) };
}

/**
 * User and system time of all threads. The scheduler's own count is in nanoseconds, where `utime` and `stime` come in
 * ticks of 10 ms, too coarse for a short window.
 */
function cpuSeconds(pid: number): number {
  const folder = `/proc/${String(pid)}/task`;
  const nanoseconds = listOrEmpty(folder)
    .map((thread) => readOrNull(`${folder}/${thread}/schedstat`) ?? '0')
    .reduce((sum, text) => sum + Number.parseInt(text, 10), 0);
  return nanoseconds / 1e9;
}

function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readOrNull(`/proc/${String(pid)}/status`) ?? '')?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Samples the process `root` and everything that it started; null where there is no `/proc`. */
export function sampleTree(root: number): TreeSample | null {
  if (process.platform !== 'linux') return null;
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(readStat)
    .filter((stat) => stat !== null);
  const tree = new Set([root]);
  // Parents have smaller ids than their children except after a wrap, so passes repeat until nothing joins.
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const { pid, parentPid } of all) if (tree.has(parentPid)) tree.add(pid);
  }
  const members = all.filter(({ pid }) => tree.has(pid));
  return {
    cpuSeconds: members.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    residentBytes: members.reduce((sum, { pid }) => sum + residentBytes(pid), 0),
    processes: members.length,
  };
}
