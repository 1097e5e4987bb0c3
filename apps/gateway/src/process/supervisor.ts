import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Limits } from '@switchyard/limits';
import { Metrics } from '@switchyard/telemetry';
import { startSimulator } from '../../../simulator/src/index.js';
import type { RunningSimulator } from '../../../simulator/src/index.js';
import { budgetFloors } from '../../../worker/src/index.js';
import type { MaintenanceTimers } from '../../../worker/src/index.js';
import type { OpsParts } from '../admin/ops-parts.js';
import { ConfigError } from '../config/config-error.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { loadedFrom } from '../control/runtime-state.js';
import type { KnownIdentity, Loaded } from '../control/runtime-state.js';
import { Bookkeeping } from './bookkeeping.js';
import { InProcessPlane } from './data-plane.js';
import type { DataPlane } from './data-plane.js';
import { fixedSettings, loadSource, readSource } from './load-runtime.js';
import type { ConfigSource } from './load-runtime.js';
import { maintenanceContext, maintenanceTimers } from './maintenance.js';
import type { DiskWatch } from './disk-watch.js';
import { openLimits, watchDisk } from './open-services.js';
import { startOpsServer } from './ops-server.js';
import type { OpsServer } from './ops-server.js';
import { gaugeProcess } from './process-gauges.js';
import type { ProcessLog } from './process-log.js';
import type { ProcessServices } from './process-services.js';
import { WorkerLimits } from './shared-limits.js';
import type { SupervisedLimits } from './shared-limits.js';
import { gaugeBooks } from './supervisor-gauges.js';
import type { ConfigureMessage, FixedSettings, GroupSpend, LedgerAnswer, LedgerQuestion } from './worker-messages.js';
import { WorkerPool } from './worker-pool.js';

/** Editors write a file in several steps; one reload follows the last. */
const SETTLE_MS = 200;

export interface Urls {
  readonly data: string;
  readonly ops: string;
}

export interface SupervisorOptions {
  /** Stands in for the providers of a simulated configuration; `null` = one is started. */
  readonly simulatorUrl: string | null;
}

/** Owns what is not a request: configuration, workers, the operations port, the books, the simulator of the demo. */
export class Supervisor {
  private loaded: Loaded;
  private readonly fixed: FixedSettings;
  private readonly books: Bookkeeping;
  private readonly plane: DataPlane;
  private readonly metrics = new Metrics();
  private readonly toldInserts = { inserted: 0, duplicates: 0 };
  /** `null` until it is known where limits live. */
  private limits: SupervisedLimits | null = null;
  private ownLimits: Limits | null = null;
  private services: ProcessServices | null = null;
  private timers: MaintenanceTimers | null = null;
  private disk: DiskWatch | null = null;
  private ops: OpsServer | null = null;
  private simulator: RunningSimulator | null = null;
  private watcher: FSWatcher | null = null;
  private settling: NodeJS.Timeout | null = null;
  /** Settles when the plane serves by the callers last read. */
  private pushed: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | null = null;

  constructor(
    private source: ConfigSource,
    config: GatewayConfig,
    private readonly log: ProcessLog,
    private readonly options: SupervisorOptions = { simulatorUrl: null },
  ) {
    this.loaded = loadedFrom(config);
    this.fixed = fixedSettings(config);
    this.books = new Bookkeeping(config, log, {
      onIdentity: (identity) => {
        this.identityRead(identity);
      },
      onOrphan: () => {
        this.metrics.add('switchyard_orphans_recovered_total', {});
      },
      onUnsettled: (held, actual) => {
        this.limits?.settle(held, actual);
      },
    });
    this.plane = this.planeOf(config);
  }

  async start(): Promise<Urls> {
    const { config } = this.loaded;
    const { host, opsPort } = config.server;
    if (config.simulated && this.options.simulatorUrl === null)
      this.simulator = await startSimulator({ simulatedNotice: true, lenient: true });
    try {
      this.openLimits(config);
      await this.books.start();
      this.ops = await startOpsServer(host, opsPort, this.opsParts());
      const data = await this.plane.start();
      this.startMaintenance(config);
      this.disk = watchDisk(config, this.log);
      await this.disk.look();
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
      this.loaded = loadedFrom(config, this.books.identity);
      this.books.configure(config);
      this.plane.configure(this.message());
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
    await this.plane.stop(this.loaded.config.timeouts.drainMs);
    this.disk?.stop();
    await this.timers?.stop();
    await this.books.stop();
    await this.ownLimits?.close();
    await this.ops?.close();
    await this.simulator?.close();
  }

  private planeOf(config: GatewayConfig): DataPlane {
    const spend = (): Promise<readonly GroupSpend[]> => this.spentSoFar();
    if (config.server.workers === 0) {
      const opened = (services: ProcessServices): void => {
        this.services = services;
        this.limits = services.limits;
      };
      return new InProcessPlane(this.log, this.books, spend, opened, () => this.message());
    }
    const retireMs = (): number => this.loaded.config.timeouts.totalMs;
    return new WorkerPool(() => this.message(), { server: this.fixed.server, retireMs }, this.log.logger, {
      answer: (question) => this.answer(question),
      spend,
      counted: (worker, delta) => {
        this.metrics.merge(worker, delta);
      },
      died: (worker) => {
        this.metrics.forget(worker);
      },
    });
  }

  private openLimits(config: GatewayConfig): void {
    if (config.server.workers === 0) return;
    if (config.redis === null) {
      this.limits = new WorkerLimits((spend) => {
        this.plane.raiseSpend(spend);
      });
      return;
    }
    this.ownLimits = openLimits(config, this.log, { isObserver: true });
    this.limits = this.ownLimits;
  }

  /** With a queue and a database that a worker can reach, maintenance is the worker's. */
  private startMaintenance({ redis, database }: GatewayConfig): void {
    if (redis !== null && database !== null) return;
    this.timers = maintenanceTimers(this.maintenanceContext());
    this.timers.start();
  }

  private maintenanceContext(): ReturnType<typeof maintenanceContext> {
    const { books, log } = this;
    if (this.limits === null) throw new Error('maintenance begins when it is known where limits live');
    return maintenanceContext({ books, limits: this.limits, loaded: () => this.loaded, log });
  }

  /** What the ledger knows of budgets; nothing while it is away. */
  private async spentSoFar(): Promise<readonly GroupSpend[]> {
    if (!this.books.isDatabaseReady) return [];
    try {
      await this.books.flush();
      return await budgetFloors(this.maintenanceContext(), Date.now());
    } catch (error) {
      this.log.logger.warn({ err: error }, 'what budgets were spent is not known while the ledger is away');
      return [];
    }
  }

  private async answer(question: LedgerQuestion): Promise<LedgerAnswer> {
    if (question.about === 'record') return { about: 'record', record: await this.books.find(question.id) };
    return { about: 'spend', spend: await this.books.spend(question.owners) };
  }

  private identityRead(identity: KnownIdentity): void {
    this.loaded = loadedFrom(this.loaded.config, identity);
    for (const { id, reason } of this.loaded.callers.unusable) {
      this.log.logger.error({ id, reason }, 'a key or tenant of the database cannot be used');
    }
    this.pushed = this.plane.identityChanged(identity);
  }

  private async renderMetrics(): Promise<string> {
    gaugeBooks(this.metrics, await this.books.figures(), this.toldInserts);
    if (this.services !== null) {
      gaugeProcess(this.services);
      this.metrics.merge('plane', this.services.metrics.takeDelta());
    }
    return this.metrics.render();
  }

  private opsParts(): OpsParts {
    const { books, log } = this;
    return {
      isReady: () => this.plane.isReady && this.disk?.isFull !== true,
      keyRing: () => this.loaded.keyRing,
      config: () => this.loaded.config,
      identity: () => (books.isDatabaseReady ? books.keys : null),
      ledger: () => (books.isDatabaseReady ? books.ledger : null),
      flush: () => books.flush(),
      identityChanged: async () => {
        await books.identityChanged();
        await this.pushed;
      },
      metrics: () => this.renderMetrics(),
      log,
    };
  }

  private message(): ConfigureMessage {
    const { config } = this.loaded;
    const url = this.options.simulatorUrl ?? this.simulator?.url ?? null;
    const simulatorUrl = config.simulated ? url : null;
    const { source, fixed, books } = this;
    return { type: 'configure', ...source, simulatorUrl, fixed, identity: books.identity, spend: [] };
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
    const { config } = this.loaded;
    for (const section of ['server', 'redis', 'database', 'dataDir', 'journal'] as const) {
      if (JSON.stringify(next[section]) === JSON.stringify(config[section])) continue;
      this.log.logger.warn({ path: section === 'dataDir' ? 'data_dir' : section }, 'changes here need a restart');
    }
  }
}
