import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { startSimulator } from '../../../simulator/src/index.js';
import type { RunningSimulator } from '../../../simulator/src/index.js';
import { ConfigError } from '../config/config-error.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import { startDataServer } from './data-server.js';
import { configOf, loadSource, readSource } from './load-runtime.js';
import type { ConfigSource } from './load-runtime.js';
import { startOpsServer } from './ops-server.js';
import type { OpsServer } from './ops-server.js';
import type { ProcessLog } from './process-log.js';
import type { ConfigureMessage } from './worker-messages.js';
import { WorkerPool } from './worker-pool.js';

/** Editors write a file in several steps; one reload follows the last. */
const SETTLE_MS = 200;

export interface Urls {
  readonly data: string;
  readonly ops: string;
}

/** The data plane as the supervisor drives it: a pool of workers, or this process itself. */
interface DataPlane {
  readonly isReady: boolean;
  start(): Promise<string>;
  configure(message: ConfigureMessage): void;
  stop(): Promise<void>;
}

/** Owns what is not a request: configuration, workers, the operations port, the simulator of the demo. */
export class Supervisor {
  private plane: DataPlane | null = null;
  private ops: OpsServer | null = null;
  private simulator: RunningSimulator | null = null;
  private watcher: FSWatcher | null = null;
  private settling: NodeJS.Timeout | null = null;
  private stopping: Promise<void> | null = null;

  constructor(
    private source: ConfigSource,
    private config: GatewayConfig,
    private readonly log: ProcessLog,
  ) {}

  async start(): Promise<Urls> {
    const { host, opsPort, workers } = this.config.server;
    if (this.config.simulated) this.simulator = await startSimulator({ simulatedNotice: true, lenient: true });
    try {
      this.ops = await startOpsServer(host, opsPort, () => this.plane?.isReady ?? false);
      this.plane =
        workers === 0
          ? new InProcessPlane(this.log, this.message())
          : new WorkerPool(this.message(), workers, this.log.logger);
      const data = await this.plane.start();
      this.watchSource();
      return { data, ops: this.ops.url };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Reads the configuration again. A faulty one is reported and the one in force stays. */
  reload(cause: string): void {
    const source = readSource(this.source.path);
    if (source.path === null || source.text === this.source.text) return;
    try {
      const { config } = loadSource(source);
      this.warnOfFixedSettings(config);
      this.source = source;
      this.config = config;
      this.plane?.configure(this.message());
      this.log.logger.info({ cause, catalog: config.catalog.version }, 'configuration reloaded');
    } catch (error) {
      const faults = error instanceof ConfigError ? error.faults : undefined;
      this.log.logger.error(
        { cause, faults, err: faults ? undefined : error },
        'configuration refused, the old one stays',
      );
    }
  }

  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private async shutDown(): Promise<void> {
    this.watcher?.close();
    if (this.settling !== null) clearTimeout(this.settling);
    await this.plane?.stop();
    await this.ops?.close();
    await this.simulator?.close();
  }

  private message(): ConfigureMessage {
    const simulatorUrl = this.config.simulated ? (this.simulator?.url ?? null) : null;
    return { type: 'configure', ...this.source, simulatorUrl, port: null };
  }

  /** The folder is watched, not the file: editors and container mounts replace the file itself. */
  private watchSource(): void {
    const { path } = this.source;
    if (path === null) return;
    this.watcher = watch(dirname(path), (_event, name) => {
      if (name !== null && name !== basename(path)) return;
      if (this.settling !== null) clearTimeout(this.settling);
      this.settling = setTimeout(() => {
        this.reload('file changed');
      }, SETTLE_MS);
    });
    // What changed between reading and watching was seen by neither.
    this.reload('file changed');
  }

  private warnOfFixedSettings(next: GatewayConfig): void {
    if (JSON.stringify(next.server) === JSON.stringify(this.config.server)) return;
    this.log.logger.warn({ path: 'server' }, 'changes of host, ports or workers need a restart');
  }
}

/** `workers: 0`: everything in one process, for tests and debugging. */
class InProcessPlane implements DataPlane {
  private readonly state: RuntimeState;
  private server: Awaited<ReturnType<typeof startDataServer>> | null = null;

  constructor(
    private readonly log: ProcessLog,
    message: ConfigureMessage,
  ) {
    this.state = new RuntimeState(loadedFrom(configOf(message)));
  }

  get isReady(): boolean {
    return this.server !== null;
  }

  async start(): Promise<string> {
    this.server = await startDataServer(this.state, this.log);
    return this.server.url;
  }

  configure(message: ConfigureMessage): void {
    this.state.replace(loadedFrom(configOf(message)));
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    await server?.drain();
  }
}
