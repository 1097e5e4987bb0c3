import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Clerk } from './connection-desk.js';
import type { SupervisorMessage, WorkerMessage } from './worker-messages.js';

/**
 * V8 takes objects that once outlived a collection, as those of a slow request do, to be long-lived and allocates their
 * kind among the old ones from then on. There they keep all they refer to alive until a full collection: a fifth of a request's cost.
 */
const WORKER_FLAGS = ['--no-allocation-site-pretenuring'];
const PROGRAM = fileURLToPath(new URL('./worker-main.js', import.meta.url));

let started = 0;

/** One worker process, as its supervisor sees it. */
export class WorkerProcess implements Clerk {
  /** Names it among all workers this process ever started. */
  readonly name: string;
  readonly startedAtMs = performance.now();
  private readonly child: ChildProcess;
  private readonly endListeners: ((reason: string) => void)[] = [];
  /** What ended the process; `null` = it runs. */
  private reason: string | null = null;
  private isSilent = false;

  constructor() {
    started += 1;
    this.name = String(started);
    this.child = fork(PROGRAM, [], { execArgv: [...process.execArgv, ...WORKER_FLAGS] });
    this.child.on('error', (error) => {
      // A process that never began has no exit. A message to one that just died is nobody's concern.
      if (this.child.pid === undefined) this.ended(error.message, true);
    });
    // The end of a process and its last words come in any order.
    this.child.on('exit', (code, signal) => {
      this.ended(signal ?? `code ${String(code)}`, !this.child.connected);
    });
    this.child.on('disconnect', () => {
      this.ended(this.reason, true);
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  onMessage(listener: (message: WorkerMessage) => void): void {
    this.child.on('message', listener);
  }

  /** Calls back once the process has ended and all it said was heard; with what ended it. */
  onEnd(listener: (reason: string) => void): void {
    if (this.reason !== null && this.isSilent) listener(this.reason);
    else this.endListeners.push(listener);
  }

  /** Resolves when it says that it serves by the callers it was told of, when it is gone, or after this time. */
  applied(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const hear = (message: WorkerMessage): void => {
        if (message.type === 'identity-applied') done();
      };
      const done = (): void => {
        clearTimeout(timer);
        this.child.off('message', hear);
        this.child.off('exit', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.child.on('message', hear);
      this.child.on('exit', done);
    });
  }

  tell(message: SupervisorMessage): void {
    if (this.child.connected) this.child.send(message, ignoreFault);
  }

  hand(connection: number, socket: Socket): void {
    this.child.send({ type: 'connection', connection }, socket, { keepOpen: true }, ignoreFault);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private ended(reason: string | null, isSilent: boolean): void {
    this.reason = reason;
    this.isSilent ||= isSilent;
    if (this.reason === null || !this.isSilent) return;
    for (const listener of this.endListeners.splice(0)) listener(this.reason);
  }
}

/** What could not be sent to a worker that ends is moot. */
function ignoreFault(): void {
  // Nothing is left to do for it.
}
