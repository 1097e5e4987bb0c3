import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Logger, MetricsDelta } from '@switchyard/telemetry';
import type { KnownIdentity } from '../control/runtime-state.js';
import type {
  AskMessage,
  ConfigureMessage,
  GroupSpend,
  LedgerAnswer,
  LedgerQuestion,
  SupervisorMessage,
  WorkerMessage,
} from './worker-messages.js';

const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 10_000;
/** How long a worker may take to serve by a change before nobody waits for it any more. */
const APPLY_MS = 1_000;
/** A worker that served this long before it died starts the waits afresh. */
const STABLE_MS = 30_000;

/**
 * V8 takes objects that once outlived a collection, as those of a slow request do, to be long-lived and allocates their
 * kind among the old ones from then on. There they keep all they refer to alive until a full collection: a fifth of a request's cost.
 */
const WORKER_FLAGS = ['--no-allocation-site-pretenuring'];

/** What workers want of their supervisor. */
export interface WorkerDesk {
  answer(question: LedgerQuestion): Promise<LedgerAnswer>;
  /** What budgets were spent so far. Never rejects. */
  spend(): Promise<readonly GroupSpend[]>;
  counted(worker: string, delta: MetricsDelta): void;
  died(worker: string): void;
}

/** The workers of one supervisor: kept at their number, told of every new configuration, drained together. */
export class WorkerPool {
  private readonly ready = new Set<Worker>();
  private isStopping = false;
  private port: number | null = null;
  private restartMs = RESTART_FIRST_MS;

  /** `message` makes the configuration that a new worker is given. */
  constructor(
    private readonly message: () => ConfigureMessage,
    private readonly size: number,
    private readonly logger: Logger,
    private readonly desk: WorkerDesk,
  ) {
    cluster.setupPrimary({
      execArgv: [...process.execArgv, ...WORKER_FLAGS],
      exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)),
      silent: false,
    });
  }

  get isReady(): boolean {
    return !this.isStopping && this.ready.size > 0;
  }

  /** Resolves with the data URL once every worker listens; rejects when one cannot start. */
  async start(): Promise<string> {
    try {
      const urls = await Promise.all(Array.from({ length: this.size }, () => this.spawn()));
      const url = urls[0] ?? '';
      this.port = Number(new URL(url).port);
      return url;
    } catch (error) {
      // What keeps one worker from starting (a port in use) keeps the next from it too.
      this.isStopping = true;
      throw error;
    }
  }

  configure(configuration: ConfigureMessage): void {
    for (const worker of this.ready) send(worker, configuration);
  }

  /** Resolves once every worker serves by it, or after a second. */
  async identityChanged(identity: KnownIdentity): Promise<void> {
    await Promise.all(
      [...this.ready].map((worker) => {
        send(worker, { type: 'identity', identity });
        return applied(worker);
      }),
    );
  }

  raiseSpend(spend: readonly GroupSpend[]): void {
    for (const worker of this.ready) send(worker, { type: 'spend', spend });
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('exit', () => {
              resolve();
            });
            send(worker, { type: 'drain' });
          }),
      ),
    );
  }

  private async spawn(): Promise<string> {
    // What a worker before it spent is known by the ledger alone.
    const spend = await this.desk.spend();
    const worker = cluster.fork();
    const startedAtMs = performance.now();
    send(worker, { ...this.message(), port: this.port, spend });
    return new Promise((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        switch (message.type) {
          case 'ready':
            this.ready.add(worker);
            resolve(message.url);
            break;
          case 'failed':
            this.logger.error(
              { worker: worker.process.pid, reason: message.reason },
              'a worker refused its configuration',
            );
            reject(new Error(message.reason));
            break;
          case 'identity-applied':
            break;
          case 'ask':
            void this.answer(worker, message);
            break;
          case 'metrics':
            this.desk.counted(String(worker.id), message.delta);
            break;
        }
      });
      worker.on('exit', (code, signal) => {
        this.ready.delete(worker);
        this.desk.died(String(worker.id));
        reject(new Error(`a worker ended before it was ready (${signal || `code ${String(code)}`})`));
        if (!this.isStopping) this.replace(worker, performance.now() - startedAtMs, signal || String(code));
      });
    });
  }

  private async answer(worker: Worker, { question, ask }: AskMessage): Promise<void> {
    let message: SupervisorMessage;
    try {
      message = { type: 'answer', question, value: await this.desk.answer(ask), error: null };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      message = { type: 'answer', question, value: null, error: reason };
    }
    if (worker.isConnected()) send(worker, message);
  }

  private replace(worker: Worker, servedMs: number, reason: string): void {
    if (servedMs > STABLE_MS) this.restartMs = RESTART_FIRST_MS;
    const waitMs = this.restartMs;
    this.restartMs = Math.min(RESTART_MAX_MS, this.restartMs * 2);
    this.logger.error({ worker: worker.process.pid, reason, restart_ms: waitMs }, 'a worker died and is replaced');
    setTimeout(() => {
      if (this.isStopping) return;
      this.spawn().catch((error: unknown) => {
        this.logger.error({ err: error }, 'a replacement worker did not start');
      });
    }, waitMs);
  }
}

/** Resolves when the worker says that it took what it was told, when it is gone, or after a second. */
function applied(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const listen = (message: WorkerMessage): void => {
      if (message.type === 'identity-applied') done();
    };
    const done = (): void => {
      clearTimeout(timer);
      worker.off('message', listen);
      worker.off('exit', done);
      resolve();
    };
    const timer = setTimeout(done, APPLY_MS);
    worker.on('message', listen);
    worker.on('exit', done);
  });
}

function send(worker: Worker, message: SupervisorMessage): void {
  worker.send(message);
}
