import 'reflect-metadata';
import { processEnvironment } from '../config/environment.js';
import { findConfig } from '../config/find-config.js';
import { banner } from './banner.js';
import { loadSource, readSource } from './load-runtime.js';
import { ProcessLog } from './process-log.js';
import { Supervisor } from './supervisor.js';

export interface StartOptions {
  /** The file asked for on the command line; `null` = look for one. */
  readonly configPath: string | null;
}

/**
 * Starts Switchyard and returns once it serves. SIGTERM and SIGINT drain it and end the process with status 0; SIGHUP
 * rereads the configuration. Throws `ConfigError` with all faults, or an error that says why a port could not be opened.
 */
export async function startSwitchyard({ configPath }: StartOptions): Promise<void> {
  const source = readSource(findConfig(configPath, processEnvironment()));
  const loaded = loadSource(source);
  const log = new ProcessLog(loaded.config.log.level, 'supervisor');
  for (const notice of loaded.notices) log.logger.warn({ path: notice.path }, notice.message);
  const supervisor = new Supervisor(source, loaded.config, log);
  endOnSignals(supervisor, log);
  const urls = await supervisor.start();
  process.stdout.write(banner(loaded, urls));
}

function endOnSignals(supervisor: Supervisor, log: ProcessLog): void {
  const stop = (): void => {
    supervisor.stop().then(
      () => {
        log.flush();
        process.exit(0);
      },
      (error: unknown) => {
        log.logger.fatal({ err: error }, 'stopping failed');
        log.flush();
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    supervisor.reload('SIGHUP');
  });
}
