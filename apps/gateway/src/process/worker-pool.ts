import type { Socket } from 'node:net';
import type { HealthDelta } from '@switchyard/dispatch';
import type { Logger, MetricsDelta } from '@switchyard/telemetry';
import type { KnownIdentity } from '../control/runtime-state.js';
import { refuseConnection } from '../edge/broken-connection.js';
import { overloadedError } from '../overload/overloaded-error.js';
import { ConnectionDesk } from './connection-desk.js';
import type { DataPlane } from './data-plane.js';
import type { DrainPlan } from './data-server.js';
import { FATAL_GRACE_MS } from './worker-messages.js';
import type {
  AskMessage,
  ConfigureMessage,
  FixedSettings,
  GroupSpend,
  LedgerAnswer,
  LedgerQuestion,
  SupervisorMessage,
  WorkerMessage,
} from './worker-messages.js';
import { WorkerProcess } from './worker-process.js';

const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 10_000;
/** How long a worker may take to serve by a change before nobody waits for it any more. */
const APPLY_MS = 1_000;
/** A worker that served this long before it died starts the waits afresh. */
const STABLE_MS = 30_000;
/** What a worker needs beyond its requests' time to end: their last words, its journal. Then it is ended. */
const ENDING_MS = 4_000;

/** What workers want of their supervisor. */
export interface WorkerDesk {
  answer(question: LedgerQuestion): Promise<LedgerAnswer>;
  /** What budgets were spent so far. Never rejects. */
  spend(): Promise<readonly GroupSpend[]>;
  counted(worker: string, delta: MetricsDelta): void;
  /** What a worker saw of endpoints. */
  sawHealth(worker: string, delta: HealthDelta): void;
  died(worker: string): void;
  /** All workers were too late to take another connection. */
  refusedConnection(): void;
}

export interface PoolSettings {
  readonly server: FixedSettings['server'];
  /** How long a worker that was replaced may go on with its requests, in milliseconds. */
  readonly retireMs: () => number;
}

/** `retired`: another one serves in its place while it ends. */
type Standing = 'starting' | 'serving' | 'retired';

/** The workers of one supervisor: kept at their number, told of every new configuration, replaced and drained. */
export class WorkerPool implements DataPlane {
  private readonly workers = new Map<WorkerProcess, Standing>();
  private readonly connections: ConnectionDesk;
  private starting = 0;
  private rolling: Promise<void> | null = null;
  private isOpen = false;
  private isLeaving = false;
  private isStopping = false;
  private restartMs = RESTART_FIRST_MS;

  /** `message` makes the configuration that a new worker is given. */
  constructor(
    private readonly message: () => ConfigureMessage,
    private readonly settings: PoolSettings,
    private readonly logger: Logger,
    private readonly desk: WorkerDesk,
  ) {
    this.connections = new ConnectionDesk({
      refuse: (socket) => {
        desk.refusedConnection();
        refuseLate(socket);
      },
    });
  }

  get isReady(): boolean {
    return this.isOpen && !this.isLeaving && this.serving.length > 0;
  }

  /** Resolves with the data URL once every worker is ready and the port is open; rejects when one cannot start. */
  async start(): Promise<string> {
    const { host, port, workers } = this.settings.server;
    try {
      await Promise.all(Array.from({ length: workers }, () => this.spawn()));
      if (this.isStopping) throw new Error('it was stopped before it served');
      const url = await this.connections.listen(host, port);
      this.isOpen = true;
      return url;
    } catch (error) {
      // What keeps one worker from starting keeps the next from it too.
      this.isStopping = true;
      throw error;
    }
  }

  configure(configuration: ConfigureMessage): void {
    this.tellServing(configuration);
  }

  /** Resolves once every worker serves by it, or after a second. */
  async identityChanged(identity: KnownIdentity): Promise<void> {
    await Promise.all(
      this.serving.map((worker) => {
        worker.tell({ type: 'identity', identity });
        return worker.applied(APPLY_MS);
      }),
    );
  }

  raiseSpend(spend: readonly GroupSpend[]): void {
    this.tellServing({ type: 'spend', spend });
  }

  hearHealth(delta: HealthDelta, source: string | null): void {
    for (const worker of this.serving) if (worker.name !== source) worker.tell({ type: 'health', delta });
  }

  /** Starts new workers, one after the other, and lets each old one end when a new one serves. Asked for meanwhile, it is done again afterwards. */
  restart(cause: string): void {
    if (this.isStopping) return;
    const before = this.rolling ?? Promise.resolve();
    const rolling = before
      .then(() => this.roll(cause))
      .catch((error: unknown) => {
        this.logger.error({ cause, err: error }, 'workers could not be replaced, those that are left go on');
      })
      .finally(() => {
        if (this.rolling === rolling) this.rolling = null;
      });
    this.rolling = rolling;
  }

  leave(): void {
    this.isLeaving = true;
    for (const worker of this.workers.keys()) worker.tell({ type: 'leave' });
  }

  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    this.leave();
    this.connections.close();
    await Promise.all([...this.workers.keys()].map((worker) => ended(worker, { graceMs, keepsIdle: false })));
  }

  private get serving(): readonly WorkerProcess[] {
    return [...this.workers].filter(([, standing]) => standing === 'serving').map(([worker]) => worker);
  }

  private get isShort(): boolean {
    return !this.isStopping && this.serving.length + this.starting < this.settings.server.workers;
  }

  private tellServing(message: SupervisorMessage): void {
    for (const worker of this.serving) worker.tell(message);
  }

  private async roll(cause: string): Promise<void> {
    const old = this.serving;
    this.logger.info({ cause, workers: old.length }, 'workers are replaced');
    for (const worker of old) await this.succeed(worker);
    // One that died meanwhile was not missed while an old and a new one were there.
    while (this.isShort) await this.spawn();
  }

  /** Replaces a worker that serves. Rejects when the new one does not start: then the old one goes on. */
  private async succeed(worker: WorkerProcess): Promise<void> {
    if (this.isStopping || this.workers.get(worker) !== 'serving') return;
    await this.spawn();
    this.retire(worker, { graceMs: this.settings.retireMs(), keepsIdle: true });
  }

  private retire(worker: WorkerProcess, plan: DrainPlan): void {
    this.workers.set(worker, 'retired');
    this.connections.leave(worker);
    void ended(worker, plan);
  }

  private async spawn(): Promise<void> {
    this.starting += 1;
    try {
      // What a worker before it spent is known by the ledger alone.
      const spend = await this.desk.spend();
      if (!this.isStopping) await this.spawned(spend);
    } finally {
      this.starting -= 1;
    }
  }

  private async spawned(spend: readonly GroupSpend[]): Promise<void> {
    const worker = new WorkerProcess();
    this.workers.set(worker, 'starting');
    worker.tell({ ...this.message(), spend });
    await new Promise<void>((resolve, reject) => {
      worker.onMessage((message) => {
        this.heard(worker, message);
        if (message.type === 'ready') resolve();
        if (message.type === 'failed') reject(new Error(message.reason));
      });
      worker.onEnd((reason) => {
        reject(new Error(`a worker ended before it was ready (${reason})`));
        this.gone(worker, reason);
      });
    });
  }

  private heard(worker: WorkerProcess, message: WorkerMessage): void {
    switch (message.type) {
      case 'ready':
        this.workers.set(worker, 'serving');
        this.connections.join(worker);
        break;
      case 'taken':
        this.connections.taken(worker, message.connection);
        break;
      case 'closed':
        this.connections.closed(worker, message.count);
        break;
      case 'failed':
        this.refused(worker, message.reason);
        break;
      case 'ending':
        this.retire(worker, { graceMs: FATAL_GRACE_MS, keepsIdle: false });
        this.replace(worker, 'a fault');
        break;
      case 'identity-applied':
        break;
      case 'ask':
        void this.answer(worker, message);
        break;
      case 'metrics':
        this.desk.counted(worker.name, message.delta);
        break;
      case 'health':
        this.desk.sawHealth(worker.name, message.delta);
        break;
    }
  }

  /** One that serves goes on as it did until another one is there. */
  private refused(worker: WorkerProcess, reason: string): void {
    this.logger.error({ worker: worker.pid, reason }, 'a worker refused its configuration');
    if (this.workers.get(worker) !== 'serving') return;
    this.succeed(worker).catch((error: unknown) => {
      this.logger.error({ err: error }, 'no worker takes the configuration, the old ones go on by the one they have');
    });
  }

  private async answer(worker: WorkerProcess, { question, ask }: AskMessage): Promise<void> {
    try {
      worker.tell({ type: 'answer', question, value: await this.desk.answer(ask), error: null });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      worker.tell({ type: 'answer', question, value: null, error: reason });
    }
  }

  private gone(worker: WorkerProcess, reason: string): void {
    const standing = this.workers.get(worker);
    this.workers.delete(worker);
    this.connections.gone(worker);
    this.desk.died(worker.name);
    if (standing !== 'retired') this.replace(worker, reason);
  }

  /** Starts another worker after a wait that grows with each, unless there are enough. */
  private replace(worker: WorkerProcess, reason: string): void {
    if (this.isStopping) return;
    if (performance.now() - worker.startedAtMs > STABLE_MS) this.restartMs = RESTART_FIRST_MS;
    const waitMs = this.restartMs;
    this.restartMs = Math.min(RESTART_MAX_MS, this.restartMs * 2);
    this.logger.error({ worker: worker.pid, reason, restart_ms: waitMs }, 'a worker died and is replaced');
    setTimeout(() => {
      if (!this.isShort) return;
      this.spawn().catch((error: unknown) => {
        this.logger.error({ err: error }, 'a replacement worker did not start');
      });
    }, waitMs);
  }
}

/** Resolves when the worker is no more. */
function ended(worker: WorkerProcess, plan: DrainPlan): Promise<void> {
  return new Promise((resolve) => {
    const kill = setTimeout(() => {
      worker.kill();
    }, plan.graceMs + ENDING_MS).unref();
    worker.onEnd(() => {
      clearTimeout(kill);
      resolve();
    });
    worker.tell({ type: 'drain', ...plan });
  });
}

/** What the client sent is let go of, or its connection would be reset before it read the answer. */
function refuseLate(socket: Socket): void {
  socket.resume();
  refuseConnection(overloadedError(Math.random), socket);
}
