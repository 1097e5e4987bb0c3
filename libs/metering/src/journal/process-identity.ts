import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';

/** Which process something belongs to, so that another one can tell whether it still runs. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own unit since boot: tells it from a later process with the same id. `null` = unknown here. */
  readonly startTime: string | null;
  /** Digest of host name, boot and process id namespace: process ids mean the same only where it is equal. */
  readonly machine: string;
}

const MACHINE_DIGITS = 16;

/** Processes that ended and whose parent has not asked yet: they write no more. */
const ENDED_STATES: ReadonlySet<string> = new Set(['Z', 'X']);

export function ownIdentity(): ProcessIdentity {
  return identityOf(process.pid);
}

/** Of a process on this machine. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: statOf(pid)?.startTime ?? null, machine: machineOf() };
}

/** `unknown`: it ran on another machine, or this one does not tell; then only its heartbeat says. */
export function lifeOf({ pid, startTime, machine }: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (machine !== machineOf()) return 'unknown';
  if (!answers(pid)) return 'dead';
  const stat = statOf(pid);
  if (startTime === null || stat === null) return 'unknown';
  return stat.startTime === startTime && !ENDED_STATES.has(stat.state) ? 'alive' : 'dead';
}

let machine: string | null = null;

function machineOf(): string {
  machine ??= createHash('sha256')
    .update(JSON.stringify([hostname(), textOf('/proc/sys/kernel/random/boot_id'), namespaceOf()]))
    .digest('hex')
    .slice(0, MACHINE_DIGITS);
  return machine;
}

/** Signal 0 only asks. Not being allowed to send one proves that the process is there. */
function answers(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Fields 3 and 22 of proc_pid_stat(5). The second field, the program's name, may hold spaces and parentheses. */
function statOf(pid: number): { readonly state: string; readonly startTime: string } | null {
  const stat = textOf(`/proc/${pid}/stat`);
  const [state = '', ...later] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = later[18];
  return startTime === undefined ? null : { state, startTime };
}

function namespaceOf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** `''` where the system has no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
