import type { HealthDelta } from '@switchyard/dispatch';
import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import type { KnownIdentity } from '../control/runtime-state.js';
import type { Bookkeeping } from './bookkeeping.js';
import { DataServer } from './data-server.js';
import { configOf } from './load-runtime.js';
import { closeServices, openServices } from './open-services.js';
import type { ProcessLog } from './process-log.js';
import type { ProcessServices } from './process-services.js';
import { raiseSpend } from './raise-spend.js';
import type { ConfigureMessage, GroupSpend } from './worker-messages.js';

/** The data plane as the supervisor drives it: a pool of workers, or this process itself. */
export interface DataPlane {
  readonly isReady: boolean;
  /** Resolves with the data URL. */
  start(): Promise<string>;
  configure(message: ConfigureMessage): void;
  /** Resolves once requests are served by it. */
  identityChanged(identity: KnownIdentity): Promise<void>;
  /** For limits that live in the plane alone. */
  raiseSpend(spend: readonly GroupSpend[]): void;
  /** What was seen of endpoints elsewhere; `source` is the process of the plane that it comes from, `null` = none of them. */
  hearHealth(delta: HealthDelta, source: string | null): void;
  /** Replaces the processes that serve, one after the other, without a pause; `cause` is for the log. */
  restart(cause: string): void;
  /** Readiness says no from now on; requests are served as before. */
  leave(): void;
  /** Lets running requests end for this long. Called again, it can only shorten what is left. */
  stop(graceMs: number): Promise<void>;
}

/** `workers: 0`: everything in one process, for tests and debugging. */
export class InProcessPlane implements DataPlane {
  private running: RuntimeState | null = null;
  private services: ProcessServices | null = null;
  private server: DataServer | null = null;
  private isLeaving = false;
  private stopped: Promise<void> | null = null;

  constructor(
    private readonly log: ProcessLog,
    private readonly books: Bookkeeping,
    private readonly spend: () => Promise<readonly GroupSpend[]>,
    private readonly opened: (services: ProcessServices) => void,
    private readonly message: () => ConfigureMessage,
  ) {}

  get isReady(): boolean {
    return this.server !== null && !this.isLeaving;
  }

  async start(): Promise<string> {
    const message = this.message();
    const state = new RuntimeState(loadedFrom(configOf(message), message.identity));
    this.running = state;
    this.services = await openServices(state.current.config, this.log, this.books);
    this.opened(this.services);
    await raiseSpend(this.services.limits, await this.spend(), this.log);
    const server = await DataServer.create(state, this.log, this.services);
    const url = await server.listen(state.current.config.server);
    this.server = server;
    return url;
  }

  configure(message: ConfigureMessage): void {
    this.running?.replace(loadedFrom(configOf(message), message.identity));
  }

  identityChanged(identity: KnownIdentity): Promise<void> {
    const { running } = this;
    running?.replace(loadedFrom(running.current.written, identity));
    return Promise.resolve();
  }

  raiseSpend(spend: readonly GroupSpend[]): void {
    if (this.services !== null) void raiseSpend(this.services.limits, spend, this.log);
  }

  hearHealth(delta: HealthDelta, source: string | null): void {
    if (source === null) this.services?.health.shared.merge(delta);
  }

  restart(cause: string): void {
    this.log.logger.warn({ cause }, 'there are no workers to replace: what changed needs a restart');
  }

  leave(): void {
    this.isLeaving = true;
    this.server?.leave();
  }

  stop(graceMs: number): Promise<void> {
    this.leave();
    const drained = this.server?.drain({ graceMs, keepsIdle: false });
    this.stopped ??= this.close(drained);
    return this.stopped;
  }

  private async close(drained: Promise<void> | undefined): Promise<void> {
    await drained;
    this.server = null;
    const { services } = this;
    this.services = null;
    if (services !== null) await closeServices(services);
  }
}
