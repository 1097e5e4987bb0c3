import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import { EdgeAdapter } from '../edge/edge-adapter.js';
import { EdgeRoutes } from '../edge/edge-routes.js';
import { Lifecycle } from '../edge/lifecycle.js';
import { boundConnections, serverOptions } from '../edge/server-options.js';
import type { ClientTimes } from '../edge/server-options.js';
import { Strangers } from '../edge/strangers.js';
import { Overload } from '../overload/overload.js';
import { RunningRequests } from '../stops/running-requests.js';
import { GatewayModule } from '../gateway.module.js';
import { knowsNobody } from '../control/runtime-state.js';
import type { RuntimeState } from '../control/runtime-state.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { ProcessServices } from './process-services.js';
import type { ProcessLog } from './process-log.js';

/** How often a drain looks at what is left of it. */
const DRAIN_SWEEP_MS = 100;
/** Between the last error that clients are told and the end of their connections: to send it. */
const LAST_WORDS_MS = 1_000;
const BYTES_PER_MIB = 1024 * 1024;

/** How a process that serves requests comes to its end. */
export interface DrainPlan {
  /** Milliseconds that running requests may go on for. Then each is told an error, and has its record. */
  readonly graceMs: number;
  /**
   * True = a connection without a request stays open until the time its client was promised, and its next answer closes
   * it: no request meets a connection that is just being closed. False = it is closed at once.
   */
  readonly keepsIdle: boolean;
}

/** The data port of one process: its own socket, or connections that another process took. */
export class DataServer {
  private readonly connections = new Set<Socket>();
  private cutAtMs = Infinity;
  private keepsIdle = true;
  private drained: Promise<void> | null = null;

  private constructor(
    private readonly app: INestApplication,
    private readonly server: Server,
    private readonly lifecycle: Lifecycle,
    private readonly running: RunningRequests,
    private readonly onClosed: () => void,
  ) {
    server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.once('close', () => {
        this.connections.delete(socket);
        this.onClosed();
      });
    });
  }

  /** `onClosed` is called at the end of every connection. */
  static async create(
    state: RuntimeState,
    log: ProcessLog,
    services: ProcessServices,
    onClosed: () => void = () => undefined,
  ): Promise<DataServer> {
    const lifecycle = new Lifecycle(() => services.disk.isFull || knowsNobody(state.current));
    const strangers = new Strangers(
      () => state.current.config.overload.maxStrangersPerAddress,
      () => services.metrics.add('switchyard_shed_total', { reason: 'strangers' }),
    );
    let overload: Overload | null = null;
    const closesConnections = (): boolean => lifecycle.isDraining || overload?.closesConnections === true;
    const adapter = new EdgeAdapter(serverOptions(clientTimes(state.current.config)), strangers, closesConnections);
    const app = await NestFactory.create(GatewayModule.of(state, log, lifecycle, services, strangers), adapter, {
      bodyParser: false,
      logger: false,
    });
    overload = app.get(Overload);
    const running = app.get(RunningRequests);
    state.onReplaced(({ keyRing }) => {
      running.cutStrangers(keyRing);
    });
    const routes = app.get(EdgeRoutes);
    adapter.claim((method, path) => routes.find(method, path));
    await app.init();
    const server = app.getHttpServer() as Server;
    boundConnections(server);
    return new DataServer(app, server, lifecycle, running, onClosed);
  }

  /** Opens the port and serves. Resolves with `http://127.0.0.1:8080`. */
  async listen({ host, port }: GatewayConfig['server']): Promise<string> {
    await this.app.listen(port, host);
    this.lifecycle.serve();
    const { port: opened } = this.server.address() as AddressInfo;
    return `http://${host.includes(':') ? `[${host}]` : host}:${String(opened)}`;
  }

  /** Serves the connections it is given. */
  serve(): void {
    // Node watches the time limits of connections from the moment a server listens, which this one never does.
    this.server.emit('listening');
    this.lifecycle.serve();
  }

  /** Nothing may have been read from the connection. */
  adopt(socket: Socket): void {
    if (socket.destroyed) {
      this.onClosed();
      return;
    }
    // As the connections of a server's own are, so that a client that has sent everything may close its half.
    socket.allowHalfOpen = true;
    this.server.emit('connection', socket);
  }

  /** Readiness says no; all else goes on. */
  leave(): void {
    this.lifecycle.leave();
  }

  /** Takes no more connections, lets running requests end as planned, and resolves when none is left. Called again, it can only shorten what is left. */
  drain({ graceMs, keepsIdle }: DrainPlan): Promise<void> {
    this.cutAtMs = Math.min(this.cutAtMs, performance.now() + graceMs);
    this.keepsIdle &&= keepsIdle;
    this.drained ??= this.drainConnections();
    return this.drained;
  }

  private async drainConnections(): Promise<void> {
    this.lifecycle.drain();
    const closed = this.server.listening
      ? new Promise<unknown>((resolve) => this.server.close(resolve))
      : Promise.resolve();
    let isCut = false;
    await new Promise<void>((resolve) => {
      const sweep = setInterval(() => {
        const lateMs = performance.now() - this.cutAtMs;
        if (lateMs >= 0 && !isCut) {
          isCut = true;
          this.running.cutAll(stopping());
        }
        if (isCut || !this.keepsIdle) this.server.closeIdleConnections();
        if (lateMs >= LAST_WORDS_MS) for (const socket of this.connections) socket.destroy();
        if (this.connections.size > 0) return;
        clearInterval(sweep);
        resolve();
      }, DRAIN_SWEEP_MS);
    });
    await closed;
    await this.app.close();
  }
}

function stopping(): GatewayError {
  return new GatewayError('overloaded', 'This gateway is being stopped. Please retry.', { retryAfterS: 1 });
}

function clientTimes({ server, timeouts }: GatewayConfig): ClientTimes {
  const { clientHeadersMs: headersMs, clientBodyMs, clientKeepAliveMs: keepAliveMs } = timeouts;
  // A body has a limit of its own that grows with its size; this one bounds what nobody reads.
  const longestBodyMs = clientBodyMs + Math.ceil(server.maxBodyBytes / BYTES_PER_MIB) * 1_000;
  return { headersMs, requestMs: headersMs + longestBodyMs, keepAliveMs };
}
