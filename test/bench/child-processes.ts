import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';

const STOP_MAX_MS = 5_000;
const ANNOUNCEMENT_MAX_MS = 10_000;

export interface ChildOptions {
  readonly args: readonly string[];
  /** Core to run on; null = any. */
  readonly core: string | null;
  /** Where standard output goes: nowhere, or an open file. */
  readonly output: 'ignore' | number;
  /** Whether the child talks to the bench. */
  readonly channel: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts Node programs on their core, and knows them all, so that none outlives the bench. */
export class ChildProcesses {
  private readonly running = new Set<ChildProcess>();

  start({ args, core, output, channel, environment }: ChildOptions): ChildProcess {
    const command = [...(core === null ? [] : ['taskset', '-c', core]), process.execPath, ...args];
    // The bench's own programs may say what went wrong with them.
    const errors = channel ? 'inherit' : output;
    const stdio: StdioOptions = ['ignore', output, errors, ...(channel ? (['ipc'] as const) : [])];
    const child = spawn(command[0] ?? '', command.slice(1), {
      stdio,
      env: { ...process.env, NODE_ENV: 'production', ...environment },
    });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    child.once('error', () => this.running.delete(child));
    return child;
  }

  /** Starts one of the bench's own servers and waits until it says on which port it listens. */
  async startServer(options: Omit<ChildOptions, 'channel' | 'output'>): Promise<{ child: ChildProcess; port: number }> {
    const child = this.start({ ...options, channel: true, output: 'ignore' });
    const [announcement] = (await once(child, 'message', { signal: AbortSignal.timeout(ANNOUNCEMENT_MAX_MS) })) as [
      { port: number },
    ];
    return { child, port: announcement.port };
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running].map(stop));
  }

  killAll(): void {
    for (const child of this.running) child.kill('SIGKILL');
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
  await exited;
  clearTimeout(timer);
}
