import 'reflect-metadata';
import type { Socket } from 'node:net';
import { isEmptyDelta } from '@switchyard/dispatch';
import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import { DataServer } from './data-server.js';
import type { DrainPlan } from './data-server.js';
import { configOf } from './load-runtime.js';
import { closeServices, openServices } from './open-services.js';
import { ProcessLog } from './process-log.js';
import { gaugeProcess } from './process-gauges.js';
import type { ProcessServices } from './process-services.js';
import { raiseSpend } from './raise-spend.js';
import { SupervisorLedger } from './supervisor-ledger.js';
import { FATAL_GRACE_MS } from './worker-messages.js';
import type { ConfigureMessage, SupervisorMessage, WorkerMessage } from './worker-messages.js';

/** What was counted and seen is told to the supervisor this often. */
const METRICS_MS = 1_000;
/** Ends of connections are told together. */
const CLOSED_MS = 20;

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
/** `null` until it is there to take connections. */
let serving: Running | null = null;
let closed = 0;
let stopping: Promise<void> | null = null;
let exitCode = 0;

process.on('message', (message: SupervisorMessage, socket: Socket | undefined) => {
  switch (message.type) {
    case 'connection':
      take(message.connection, socket);
      break;
    case 'leave':
      serving?.server.leave();
      break;
    case 'drain':
      void stop(message);
      break;
    case 'configure':
      configure(message);
      break;
    case 'answer':
      ledger.answered(message);
      break;
    case 'identity':
      withRunning(({ state }) => {
        state.replace(loadedFrom(state.current.written, message.identity));
        tell({ type: 'identity-applied' });
      });
      break;
    case 'spend':
      withRunning(({ services, log }) => raiseSpend(services.limits, message.spend, log));
      break;
    case 'health':
      serving?.services.health.shared.merge(message.delta);
      break;
  }
});
// Signals go to the whole process group; the supervisor decides what they mean.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => {
  withRunning(({ state }) => stop({ graceMs: state.current.config.timeouts.drainMs, keepsIdle: false }));
  if (starting === null) process.exit(1);
});
// What nobody caught may have left anything half done. Rejections nobody handled come here, too.
process.on('uncaughtException', (error) => {
  serving?.log.logger.fatal({ err: error }, 'uncaught exception, the worker ends');
  exitCode = 1;
  tell({ type: 'ending' });
  void stop({ graceMs: FATAL_GRACE_MS, keepsIdle: false });
});

/** Says that the connection is here before anything is read from it: until then another worker can have it. */
function take(connection: number, socket: Socket | undefined): void {
  const adopt = (fault: Error | null): void => {
    if (socket === undefined || serving === null || fault !== null) {
      socket?.destroy();
      connectionClosed();
    } else serving.server.adopt(socket);
  };
  process.send?.({ type: 'taken', connection } satisfies WorkerMessage, undefined, undefined, adopt);
}

function connectionClosed(): void {
  closed += 1;
  if (closed > 1) return;
  setTimeout(() => {
    tell({ type: 'closed', count: closed });
    closed = 0;
  }, CLOSED_MS).unref();
}

function configure(message: ConfigureMessage): void {
  if (starting === null) {
    starting = start(message);
    starting.then(
      (running) => {
        serving = running;
        running.server.serve();
        tell({ type: 'ready' });
      },
      (error: unknown) => {
        process.send?.({ type: 'failed', reason: reasonOf(error) } satisfies WorkerMessage, () => process.exit(1));
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
  services.health.shared.merge(message.health);
  await raiseSpend(services.limits, message.spend, log);
  const server = await DataServer.create(state, log, services, connectionClosed);
  setInterval(() => {
    gaugeProcess(services);
    tell({ type: 'metrics', delta: services.metrics.takeDelta() });
    const seen = services.health.shared.take();
    if (!isEmptyDelta(seen)) tell({ type: 'health', delta: seen });
  }, METRICS_MS).unref();
  return { state, services, server, log };
}

function withRunning(act: (running: Running) => void | Promise<void>): void {
  starting?.then(act).catch(() => undefined);
}

/** Told again, it can only come sooner. Never rejects. */
function stop(plan: DrainPlan): Promise<void> {
  void serving?.server.drain(plan);
  stopping ??= end(plan);
  return stopping;
}

async function end(plan: DrainPlan): Promise<void> {
  try {
    const running = await starting;
    if (running === null) return;
    await running.server.drain(plan);
    await closeServices(running.services);
    tell({ type: 'metrics', delta: running.services.metrics.takeDelta() });
    running.log.flush();
  } finally {
    process.exit(exitCode);
  }
}

function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
