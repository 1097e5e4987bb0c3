import type { Limits } from '@switchyard/limits';
import { Metrics } from '@switchyard/telemetry';
import { startSimulator } from '../../../simulator/src/index.js';
import type { RunningSimulator } from '../../../simulator/src/index.js';
import { budgetFloors } from '../../../worker/src/index.js';
import type { MaintenanceTimers } from '../../../worker/src/index.js';
import type { OpsParts } from '../admin/ops-parts.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { LoadResult } from '../config/load-config.js';
import { knowsNobody } from '../control/runtime-state.js';
import type { KnownIdentity } from '../control/runtime-state.js';
import { Bookkeeping } from './bookkeeping.js';
import { CredentialNotices } from './credential-notices.js';
import { InProcessPlane } from './data-plane.js';
import type { DataPlane } from './data-plane.js';
import { ConfigKeeper, needsNewWorkers } from './config-keeper.js';
import type { ConfigSource } from './load-runtime.js';
import { HealthHub } from './health-hub.js';
import { maintenanceContext, maintenanceTimers } from './maintenance.js';
import type { DiskWatch } from './disk-watch.js';
import { openLimits, watchDisk } from './open-services.js';
import { startOpsServer } from './ops-server.js';
import type { OpsServer } from './ops-server.js';
import { gaugeProcess } from './process-gauges.js';
import { ProbeRuntime } from './probe-runtime.js';
import type { ProcessLog } from './process-log.js';
import type { ProcessServices } from './process-services.js';
import { WorkerLimits } from './shared-limits.js';
import type { SupervisedLimits } from './shared-limits.js';
import { gaugeBooks } from './supervisor-gauges.js';
import type { ConfigureMessage, GroupSpend, LedgerAnswer, LedgerQuestion } from './worker-messages.js';
import { WorkerPool } from './worker-pool.js';

export interface Urls {
  readonly data: string;
  readonly ops: string;
}

export interface SupervisorOptions {
  /** Stands in for the providers of a simulated configuration; `null` = one is started. */
  readonly simulatorUrl: string | null;
}

export interface StopPlan {
  /** Between not being ready any more and taking no more connections. Default: none. */
  readonly delayMs?: number;
  /** How long running requests may go on. Default: as configured. */
  readonly graceMs?: number;
}

/** Owns what is not a request: configuration, workers, the operations port, the books, the simulator of the demo. */
export class Supervisor {
  private readonly config: ConfigKeeper;
  private readonly books: Bookkeeping;
  private readonly plane: DataPlane;
  private readonly metrics = new Metrics();
  private readonly credentialNotices: CredentialNotices;
  private readonly health: HealthHub;
  private readonly probes: ProbeRuntime;
  private readonly toldInserts = { inserted: 0, duplicates: 0 };
  /** `null` until it is known where limits live. */
  private limits: SupervisedLimits | null = null;
  private ownLimits: Limits | null = null;
  private services: ProcessServices | null = null;
  private timers: MaintenanceTimers | null = null;
  private disk: DiskWatch | null = null;
  private ops: OpsServer | null = null;
  private simulator: RunningSimulator | null = null;
  /** Settles when the plane serves by the callers last read. */
  private pushed: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | null = null;
  private endDelay: () => void = () => undefined;

  constructor(
    source: ConfigSource,
    loaded: Pick<LoadResult, 'config' | 'notices'>,
    private readonly log: ProcessLog,
    private readonly options: SupervisorOptions = { simulatorUrl: null },
  ) {
    const { config } = loaded;
    this.config = new ConfigKeeper(source, loaded, {
      log,
      metrics: this.metrics,
      identity: () => this.books.identity,
      onApplied: (next, before) => {
        this.applied(next, before);
      },
    });
    this.credentialNotices = new CredentialNotices(log);
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
    this.health = new HealthHub({
      config,
      log,
      metrics: this.metrics,
      tell: (delta, source) => {
        this.plane.hearHealth(delta, source);
      },
      collect: () => this.services?.health.shared.take() ?? null,
    });
    this.probes = new ProbeRuntime({
      hub: this.health,
      config: () => this.config.current.config,
      metrics: this.metrics,
      log,
    });
    this.plane = this.planeOf(config);
  }

  /** The configuration in force, with what the database adds. */
  get served(): GatewayConfig {
    return this.config.current.config;
  }

  async start(): Promise<Urls> {
    const { config } = this.config.current;
    const { host, opsPort } = config.server;
    if (config.simulated && this.options.simulatorUrl === null)
      this.simulator = await startSimulator({ simulatedNotice: true, lenient: true });
    try {
      this.openLimits(config);
      this.health.start();
      await this.books.start();
      this.config.begin();
      this.ops = await startOpsServer(host, opsPort, this.opsParts());
      const data = await this.plane.start();
      this.startMaintenance(config);
      this.disk = watchDisk(config, this.log);
      await this.disk.look();
      this.config.watch();
      return { data, ops: this.ops.url };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Reads the configuration again. A faulty one is reported and the one in force stays. `cause` is for the log. */
  reload(cause: string): void {
    this.config.reload(cause);
  }

  /** Replaces all workers, one after the other, while requests go on. */
  restartWorkers(cause: string): void {
    this.plane.restart(cause);
  }

  /** Ends in order: says for a while that it leaves, takes no more connections, lets requests end, and has everything written down. */
  stop({ delayMs = 0, graceMs }: StopPlan = {}): Promise<void> {
    this.stopping ??= this.shutDown(delayMs, graceMs ?? this.config.current.config.timeouts.drainMs);
    return this.stopping;
  }

  /** Shortens a stop that is under way: requests that still run have so many milliseconds. */
  hurry(graceMs = 0): void {
    this.endDelay();
    this.plane.stop(graceMs).catch(() => undefined);
  }

  private async shutDown(delayMs: number, graceMs: number): Promise<void> {
    this.config.stop();
    if (this.plane.isReady && delayMs > 0) {
      this.log.logger.info({ delay_ms: delayMs }, 'leaving: not ready any more, requests are served for a while');
      this.plane.leave();
      await this.delay(delayMs);
    }
    this.log.logger.info({ grace_ms: graceMs }, 'stopping: running requests are waited for');
    await this.plane.stop(graceMs);
    this.health.stop();
    this.disk?.stop();
    await this.timers?.stop();
    await this.probes.close();
    await this.books.stop();
    await this.ownLimits?.close();
    await this.ops?.close();
    await this.simulator?.close();
  }

  private delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private applied(next: GatewayConfig, before: GatewayConfig): void {
    this.books.configure(next);
    this.credentialNotices.tell(this.config.current);
    this.health.configure(next);
    this.plane.configure(this.message());
    if (needsNewWorkers(before, next)) this.plane.restart('configuration');
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
    const retireMs = (): number => this.config.current.config.timeouts.totalMs;
    return new WorkerPool(() => this.message(), { server: this.config.fixed.server, retireMs }, this.log.logger, {
      answer: (question) => this.answer(question),
      spend,
      counted: (worker, delta) => {
        this.metrics.merge(worker, delta);
      },
      sawHealth: (worker, delta) => {
        this.health.heard(worker, delta);
      },
      died: (worker) => {
        this.metrics.forget(worker);
      },
      refusedConnection: () => {
        this.metrics.add('switchyard_shed_total', { reason: 'connections' });
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
    const { probing: probes } = this.probes;
    if (this.limits === null) throw new Error('maintenance begins when it is known where limits live');
    return maintenanceContext({ books, limits: this.limits, loaded: () => this.config.current, probes, log });
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
    if (question.about === 'record')
      return { about: 'record', record: await this.books.find(question.id, question.tenant) };
    return { about: 'spend', spend: await this.books.spend(question.owners) };
  }

  private identityRead(identity: KnownIdentity): void {
    const { callers } = this.config.identityRead(identity);
    for (const { id, reason } of callers.unusable) {
      this.log.logger.error({ id, reason }, 'a key or tenant of the database cannot be used');
    }
    this.credentialNotices.tell(this.config.current);
    this.health.configure(this.config.current.config);
    this.pushed = this.plane.identityChanged(identity);
  }

  private async renderMetrics(): Promise<string> {
    this.metrics.set('switchyard_endpoints_ejected', {}, this.health.tracker.ejectedCount);
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
      isReady: () => this.plane.isReady && this.disk?.isFull !== true && !knowsNobody(this.config.current),
      keyRing: () => this.config.current.keyRing,
      config: () => this.config.current.written,
      unusableCredentials: () => this.config.current.unusableCredentials,
      configStatus: () => this.config.status,
      reloadConfig: () => this.config.reload('admin API'),
      restartWorkers: () => {
        const { workers } = this.config.fixed.server;
        if (workers > 0) this.restartWorkers('admin API');
        return workers;
      },
      identity: () => (books.isDatabaseReady ? books.keys : null),
      credentials: () => (books.isDatabaseReady ? books.credentials : null),
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
    const url = this.options.simulatorUrl ?? this.simulator?.url ?? null;
    const simulatorUrl = this.config.current.written.simulated ? url : null;
    const { source, fixed } = this.config;
    const { identity } = this.books;
    const health = this.health.standing;
    return { type: 'configure', ...source, simulatorUrl, fixed, identity, spend: [], health };
  }
}
