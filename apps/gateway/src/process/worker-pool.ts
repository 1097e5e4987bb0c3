import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@switchyard/telemetry';
import type { ConfigureMessage, SupervisorMessage, WorkerMessage } from './worker-messages.js';

const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 10_000;
/** A worker that served this long before it died starts the waits afresh. */
const STABLE_MS = 30_000;

/**
 * V8 takes objects that once outlived a collection, as those of a slow request do, to be long-lived and allocates their
 * kind among the old ones from then on. There they keep all they refer to alive until a full collection: a fifth of a request's cost.
 */
const WORKER_FLAGS = ['--no-allocation-site-pretenuring'];

/** The workers of one supervisor: kept at their number, told of every new configuration, drained together. */
export class WorkerPool {
  private readonly ready = new Set<Worker>();
  private configuration: ConfigureMessage;
  private isStopping = false;
  private port: number | null = null;
  private restartMs = RESTART_FIRST_MS;

  constructor(
    configuration: ConfigureMessage,
    private readonly size: number,
    private readonly logger: Logger,
  ) {
    this.configuration = configuration;
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
    this.configuration = configuration;
    for (const worker of this.ready) send(worker, configuration);
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

  private spawn(): Promise<string> {
    const worker = cluster.fork();
    const startedAtMs = performance.now();
    send(worker, { ...this.configuration, port: this.port });
    return new Promise((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'ready') {
          this.ready.add(worker);
          resolve(message.url);
        } else {
          this.logger.error(
            { worker: worker.process.pid, reason: message.reason },
            'a worker refused its configuration',
          );
          reject(new Error(message.reason));
        }
      });
      worker.on('exit', (code, signal) => {
        this.ready.delete(worker);
        reject(new Error(`a worker ended before it was ready (${signal || `code ${String(code)}`})`));
        if (!this.isStopping) this.replace(worker, performance.now() - startedAtMs, signal || String(code));
      });
    });
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

function send(worker: Worker, message: SupervisorMessage): void {
  worker.send(message);
}
