import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import type { KnownIdentity } from '../control/runtime-state.js';
import type { Bookkeeping } from './bookkeeping.js';
import { startDataServer } from './data-server.js';
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
  stop(): Promise<void>;
}

/** `workers: 0`: everything in one process, for tests and debugging. */
export class InProcessPlane implements DataPlane {
  private running: RuntimeState | null = null;
  private services: ProcessServices | null = null;
  private server: Awaited<ReturnType<typeof startDataServer>> | null = null;

  constructor(
    private readonly log: ProcessLog,
    private readonly books: Bookkeeping,
    private readonly spend: () => Promise<readonly GroupSpend[]>,
    private readonly opened: (services: ProcessServices) => void,
    private readonly message: () => ConfigureMessage,
  ) {}

  get isReady(): boolean {
    return this.server !== null;
  }

  async start(): Promise<string> {
    const message = this.message();
    const state = new RuntimeState(loadedFrom(configOf(message), message.identity));
    this.running = state;
    this.services = await openServices(state.current.config, this.log, this.books);
    this.opened(this.services);
    await raiseSpend(this.services.limits, await this.spend(), this.log);
    this.server = await startDataServer(state, this.log, this.services);
    return this.server.url;
  }

  configure(message: ConfigureMessage): void {
    this.running?.replace(loadedFrom(configOf(message), message.identity));
  }

  identityChanged(identity: KnownIdentity): Promise<void> {
    const { running } = this;
    running?.replace(loadedFrom(running.current.config, identity));
    return Promise.resolve();
  }

  raiseSpend(spend: readonly GroupSpend[]): void {
    if (this.services !== null) void raiseSpend(this.services.limits, spend, this.log);
  }

  async stop(): Promise<void> {
    const { server, services } = this;
    this.server = null;
    await server?.drain();
    this.services = null;
    if (services !== null) await closeServices(services);
  }
}
