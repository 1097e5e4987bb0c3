import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@switchyard/contract';
import { freePort } from '../testing/child-server.js';
import { childrenOf, isRunning, signal, spawnLogged, stopGently } from './processes.js';
import { switchyard } from './programs.js';
import type { Program } from './programs.js';
import { until } from './until.js';

const READY_MAX_MS = 90_000;

export interface GatewayOptions {
  readonly program: Program;
  /** Its own: configuration, data and log. */
  readonly folder: string;
  readonly workers: number;
  /** Everything but `server` and `data_dir`. */
  readonly config: JsonObject;
  /** Flags of Node, which its workers get as well. */
  readonly nodeFlags: readonly string[];
}

/** One gateway as an operator runs it: a supervisor and its workers, known by their ids. Ports and data outlive its processes. */
export class GatewayProcess {
  private child: ChildProcess | null = null;
  private config: JsonObject;

  private constructor(
    private readonly options: GatewayOptions,
    private readonly port: number,
    private readonly opsPort: number,
  ) {
    this.config = options.config;
  }

  static async create(options: GatewayOptions): Promise<GatewayProcess> {
    return new GatewayProcess(options, await freePort(), await freePort());
  }

  /** Base URL of the data port. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Base URL of the operations port. */
  get ops(): string {
    return `http://127.0.0.1:${this.opsPort}`;
  }

  get dataDir(): string {
    return join(this.options.folder, 'data');
  }

  /** Everything its processes ever wrote to their outputs. */
  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Of a gateway that runs. */
  get pid(): number {
    if (this.child?.pid === undefined) throw new Error('this gateway does not run');
    return this.child.pid;
  }

  workerPids(): readonly number[] {
    return childrenOf(this.pid);
  }

  /** Writes the configuration, with these sections in place of those it had. A gateway that runs reads it soon. */
  configure(sections: JsonObject): void {
    this.config = { ...this.config, ...sections };
    const server = { host: '127.0.0.1', port: this.port, ops_port: this.opsPort, workers: this.options.workers };
    // JSON is YAML.
    writeFileSync(this.configFile, JSON.stringify({ ...this.config, server, data_dir: this.dataDir }));
  }

  /** Resolves with the milliseconds it took until it served. */
  async start(): Promise<number> {
    this.configure({});
    const { program, nodeFlags } = this.options;
    this.child = spawnLogged(
      [...nodeFlags, ...switchyard(program), 'start', '--config', this.configFile],
      this.logFile,
    );
    return this.whenReady();
  }

  /** Resolves with the milliseconds it took until it serves with all its workers. */
  whenReady(): Promise<number> {
    const isReady = async (): Promise<boolean> => {
      if (!isRunning(this.pid)) throw new Error('the gateway ended');
      return this.workerPids().length >= this.options.workers && (await isOk(`${this.ops}/readyz`));
    };
    return until('the gateway is ready', isReady, READY_MAX_MS).catch((error: unknown) => {
      throw new Error(`the log of the gateway ends with:\n${this.log.slice(-4_000)}`, { cause: error });
    });
  }

  /** Kills one worker; its supervisor lives. */
  async killWorker(place = 0): Promise<void> {
    const pid = this.workerPids()[place];
    if (pid === undefined) throw new Error('there is no such worker');
    signal(pid, 'SIGKILL');
    await until('the killed worker is gone', () => !isRunning(pid));
  }

  /** Kills supervisor and workers in one go. */
  async kill(): Promise<void> {
    if (this.child === null) return;
    const pids = [this.pid, ...this.workerPids()];
    for (const pid of pids) signal(pid, 'SIGKILL');
    await until('the killed processes are gone', () => !pids.some(isRunning));
    this.child = null;
  }

  /** Stops it as an operator does, waits for everything it has to do before, and answers its exit status. */
  async stop(): Promise<number | null> {
    const child = this.child;
    if (child === null) return null;
    this.child = null;
    return stopGently(child);
  }

  get configFile(): string {
    return join(this.options.folder, 'switchyard.yaml');
  }

  private get logFile(): string {
    return join(this.options.folder, 'gateway.log');
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
