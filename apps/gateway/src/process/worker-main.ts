import 'reflect-metadata';
import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import { startDataServer } from './data-server.js';
import type { DataServer } from './data-server.js';
import { configOf } from './load-runtime.js';
import { closeServices, openServices } from './open-services.js';
import { ProcessLog } from './process-log.js';
import { gaugeProcess } from './process-gauges.js';
import type { ProcessServices } from './process-services.js';
import { raiseSpend } from './raise-spend.js';
import { SupervisorLedger } from './supervisor-ledger.js';
import type { ConfigureMessage, SupervisorMessage, WorkerMessage } from './worker-messages.js';

/** What was counted is told to the supervisor this often. */
const METRICS_MS = 1_000;

/** A worker process: the data port and nothing else. Told what to do by the supervisor over the process channel. */
interface Running {
  readonly state: RuntimeState;
  readonly services: ProcessServices;
  readonly server: DataServer;
  readonly log: ProcessLog;
}

const ledger = new SupervisorLedger(tell);
/** `null` until the first configuration came. */
let starting: Promise<Running> | null = null;

process.on('message', (message: SupervisorMessage) => {
  switch (message.type) {
    case 'drain':
      void stop();
      break;
    case 'configure':
      configure(message);
      break;
    case 'answer':
      ledger.answered(message);
      break;
    case 'identity':
      withRunning(({ state }) => {
        state.replace(loadedFrom(state.current.config, message.identity));
        tell({ type: 'identity-applied' });
      });
      break;
    case 'spend':
      withRunning(({ services, log }) => raiseSpend(services.limits, message.spend, log));
      break;
  }
});
// Signals go to the whole process group; the supervisor decides when a worker stops.
process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.on('disconnect', () => void stop());
process.on('uncaughtException', (error) => {
  withRunning(({ log }) => {
    log.logger.fatal({ err: error }, 'uncaught exception, the worker stops');
  });
  void stop(1);
});

function configure(message: ConfigureMessage): void {
  if (starting === null) {
    starting = start(message);
    starting.then(
      ({ server }) => {
        tell({ type: 'ready', url: server.url });
      },
      (error: unknown) => {
        tell({ type: 'failed', reason: reasonOf(error) });
      },
    );
    return;
  }
  withRunning(({ state }) => {
    try {
      state.replace(loadedFrom(configOf(message), message.identity));
    } catch (error) {
      tell({ type: 'failed', reason: reasonOf(error) });
    }
  });
}

async function start(message: ConfigureMessage): Promise<Running> {
  const config = configOf(message);
  const state = new RuntimeState(loadedFrom(config, message.identity));
  const log = new ProcessLog(config.log.level, 'worker');
  const services = await openServices(config, log, ledger);
  await raiseSpend(services.limits, message.spend, log);
  const server = await startDataServer(state, log, services);
  setInterval(() => {
    gaugeProcess(services);
    tell({ type: 'metrics', delta: services.metrics.takeDelta() });
  }, METRICS_MS).unref();
  return { state, services, server, log };
}

function withRunning(act: (running: Running) => void | Promise<void>): void {
  starting?.then(act).catch(() => undefined);
}

async function stop(code = 0): Promise<void> {
  try {
    const running = await starting;
    if (running !== null) {
      await running.server.drain();
      await closeServices(running.services);
      tell({ type: 'metrics', delta: running.services.metrics.takeDelta() });
      running.log.flush();
    }
  } finally {
    process.exit(code);
  }
}

function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
