import 'reflect-metadata';
import { processEnvironment } from '../config/environment.js';
import { findConfig } from '../config/find-config.js';
import { banner } from './banner.js';
import { loadSource, readSource } from './load-runtime.js';
import { ProcessLog } from './process-log.js';
import { Supervisor } from './supervisor.js';
import type { StopPlan } from './supervisor.js';
import { FATAL_GRACE_MS } from './worker-messages.js';

/** After a fault that nobody caught the process has this long to end. */
const FATAL_MAX_MS = 15_000;

export interface StartOptions {
  /** The file asked for on the command line; `null` = look for one. */
  readonly configPath: string | null;
}

/**
 * Starts Switchyard and returns once it serves. SIGTERM and SIGINT drain it and end the process with status 0,
 * a second one at once; SIGHUP rereads the configuration, SIGUSR2 replaces the workers. Throws `ConfigError` with all faults, or an error that says why a port could not be opened.
 */
export async function startSwitchyard({ configPath }: StartOptions): Promise<void> {
  const source = readSource(findConfig(configPath, processEnvironment()));
  const loaded = loadSource(source);
  const log = new ProcessLog(loaded.config.log.level, 'supervisor');
  const supervisor = new Supervisor(source, loaded, log);
  const ending = new Ending(supervisor, loaded.config.timeouts.drainDelayMs, log);
  ending.listen();
  try {
    const urls = await supervisor.start();
    process.stdout.write(banner({ ...loaded, config: supervisor.served }, urls));
  } catch (error) {
    // Whoever stopped it while it started is not told that it did not start.
    if (!ending.hasBegun) throw error;
  }
}

/** How the process comes to its end: once, in order, and with a status that says whether anything was wrong. */
class Ending {
  hasBegun = false;
  private status = 0;

  constructor(
    private readonly supervisor: Supervisor,
    private readonly delayMs: number,
    private readonly log: ProcessLog,
  ) {}

  listen(): void {
    process.on('SIGTERM', () => {
      this.begin({ delayMs: this.delayMs });
    });
    process.on('SIGINT', () => {
      this.begin({});
    });
    process.on('SIGHUP', () => {
      this.supervisor.reload('SIGHUP');
    });
    process.on('SIGUSR2', () => {
      this.supervisor.restartWorkers('SIGUSR2');
    });
    // What nobody caught may have left anything half done. Rejections nobody handled come here, too.
    process.on('uncaughtException', (error) => {
      this.fatal(error);
    });
  }

  /** Asked for again, it comes at once. */
  private begin(plan: StopPlan): void {
    if (this.hasBegun) {
      this.supervisor.hurry();
      return;
    }
    this.hasBegun = true;
    this.supervisor.stop(plan).then(
      () => {
        this.exit();
      },
      (error: unknown) => {
        this.log.logger.fatal({ err: error }, 'stopping failed');
        this.status = 1;
        this.exit();
      },
    );
  }

  private fatal(error: unknown): void {
    this.log.logger.fatal({ err: error }, 'uncaught exception, the gateway ends');
    this.status = 1;
    setTimeout(() => {
      this.exit();
    }, FATAL_MAX_MS).unref();
    if (this.hasBegun) this.supervisor.hurry(FATAL_GRACE_MS);
    else this.begin({ graceMs: FATAL_GRACE_MS });
  }

  private exit(): void {
    this.log.flush();
    process.exit(this.status);
  }
}
