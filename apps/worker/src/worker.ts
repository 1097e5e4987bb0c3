import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Database, isConnectionFault } from '@switchyard/database';
import type { DatabaseOptions } from '@switchyard/database';
import { Limits } from '@switchyard/limits';
import { Ledger } from '@switchyard/metering';
import type { ProcessLogger } from '@switchyard/telemetry';
import type { LimitedGroup, MaintenanceContext } from './maintenance/context.js';
import { MAINTENANCE } from './maintenance/jobs.js';
import { logMaintenance } from './maintenance/log-event.js';
import { MAINTENANCE_TOOLS } from './maintenance/tools.js';
import type { Probing } from './probes/probing.js';
import { logQueue } from './queue/queue-event.js';
import { WorkerApp } from './queue/worker-app.js';
import type { WorkerStatus } from './queue/worker-app.js';

const MIGRATE_AGAIN_FIRST_MS = 200;
const MIGRATE_AGAIN_MAX_MS = 5_000;

export interface WorkerOptions {
  /** Of the limits and of the queue. */
  readonly redisUrl: string;
  readonly database: DatabaseOptions;
  /** Read anew for every run of a job, so that a changed configuration needs no restart. */
  readonly settings: () => Pick<MaintenanceContext, 'alerts' | 'retention'>;
  readonly probes: Probing | null;
  /** Everybody who has a budget, those whose keys are in the database included. */
  readonly budgetedOwners: (database: Database) => Promise<readonly LimitedGroup[]>;
  readonly log: Pick<ProcessLogger, 'logger' | 'flush'>;
}

/** A process that does maintenance and nothing else. Any number of them share the work. */
export class MaintenanceWorker {
  private readonly database: Database;
  private readonly stopping = new AbortController();
  private app: WorkerApp | null = null;

  constructor(private readonly options: WorkerOptions) {
    this.database = Database.open(options.database);
  }

  /** `null` = the database was not reached yet. */
  get status(): WorkerStatus | null {
    return this.app?.status ?? null;
  }

  /**
   * Works until it is stopped. Waits for Redis and the database however long they are away. Rejects when it can never
   * work: the database was written by a newer version.
   */
  async run(): Promise<void> {
    const { redisUrl, log } = this.options;
    await this.migrate();
    if (!this.stopping.signal.aborted) {
      const limits = this.openLimits();
      this.app = new WorkerApp({
        redisUrl,
        jobs: MAINTENANCE,
        context: this.context(limits),
        onEvent: (event) => {
          logQueue(log.logger, event);
        },
      });
      await aborted(this.stopping.signal);
      await this.app.stop();
      await limits.close();
    }
    await this.database.close();
  }

  /** Ends running jobs early and lets `run` resolve. */
  stop(): void {
    this.stopping.abort();
  }

  private async migrate(): Promise<void> {
    const { signal } = this.stopping;
    for (let waitMs = MIGRATE_AGAIN_FIRST_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, MIGRATE_AGAIN_MAX_MS)) {
      try {
        await this.database.migrate();
        return;
      } catch (error) {
        if (!isConnectionFault(error)) throw error;
        this.options.log.logger.warn({ err: error }, 'database away, waiting for it');
        await wait(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private openLimits(): Limits {
    const { redisUrl, log } = this.options;
    return Limits.open({
      redisUrl,
      strictBudgets: true,
      isObserver: true,
      instanceId: randomUUID(),
      onEvent: ({ type, ...details }) => {
        log.logger.info({ event: type, ...details }, 'limits');
      },
    });
  }

  private context(limits: Limits): MaintenanceContext {
    const { database, options } = this;
    return {
      ...MAINTENANCE_TOOLS,
      database,
      ledger: new Ledger(database),
      limits,
      budgetedOwners: () => options.budgetedOwners(database),
      get alerts() {
        return options.settings().alerts;
      },
      get retention() {
        return options.settings().retention;
      },
      probes: options.probes,
      onEvent: (event) => {
        logMaintenance(options.log.logger, event);
      },
    };
  }
}

/** Runs a worker for the rest of this process, which SIGTERM and SIGINT end with status 0. Rejects as `run` does. */
export async function startWorker(options: WorkerOptions): Promise<void> {
  const worker = new MaintenanceWorker(options);
  const stop = (): void => {
    worker.stop();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  options.log.logger.info('maintenance worker started');
  await worker.run();
  options.log.flush();
  process.exit(0);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
