import 'reflect-metadata';
import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import { startDataServer } from './data-server.js';
import type { DataServer } from './data-server.js';
import { configOf } from './load-runtime.js';
import { ProcessLog } from './process-log.js';
import type { ConfigureMessage, SupervisorMessage, WorkerMessage } from './worker-messages.js';

/** A worker process: the data port and nothing else. Told what to do by the supervisor over the process channel. */
let running: { readonly state: RuntimeState; readonly server: Promise<DataServer>; readonly log: ProcessLog } | null =
  null;

process.on('message', (message: SupervisorMessage) => {
  if (message.type === 'drain') void stop();
  else configure(message);
});
// Signals go to the whole process group; the supervisor decides when a worker stops.
process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.on('disconnect', () => void stop());
process.on('uncaughtException', (error) => {
  running?.log.logger.fatal({ err: error }, 'uncaught exception, the worker stops');
  void stop(1);
});

function configure(message: ConfigureMessage): void {
  try {
    const loaded = loadedFrom(configOf(message));
    if (running === null) start(new RuntimeState(loaded));
    else running.state.replace(loaded);
  } catch (error) {
    tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}

function start(state: RuntimeState): void {
  const log = new ProcessLog(state.current.config.log.level, 'worker');
  const server = startDataServer(state, log);
  running = { state, server, log };
  server.then(
    ({ url }) => {
      tell({ type: 'ready', url });
    },
    (error: unknown) => {
      tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
    },
  );
}

async function stop(code = 0): Promise<void> {
  if (running !== null) {
    const { server, log } = running;
    await server.then((data) => data.drain()).catch(() => undefined);
    log.flush();
  }
  process.exit(code);
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}
