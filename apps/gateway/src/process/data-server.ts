import type { Server, ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { EdgeAdapter } from '../edge/edge-adapter.js';
import { EdgeRoutes } from '../edge/edge-routes.js';
import { Lifecycle } from '../edge/lifecycle.js';
import { RunningRequests } from '../stops/running-requests.js';
import { GatewayModule } from '../gateway.module.js';
import type { RuntimeState } from '../control/runtime-state.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { ProcessServices } from './process-services.js';
import type { ProcessLog } from './process-log.js';

/** How often connections that fell idle during a drain are closed. */
const IDLE_SWEEP_MS = 100;
/** How often Node looks for connections over their time limits. */
const TIMEOUT_SWEEP_MS = 5_000;
const HEADER_BYTES_MAX = 16 * 1024;
const REQUESTS_PER_SOCKET_MAX = 10_000;

/** The data port of one process. */
export interface DataServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Stops taking connections, lets running requests end for at most `drainMs`, then closes what is left. */
  drain(): Promise<void>;
}

export async function startDataServer(
  state: RuntimeState,
  log: ProcessLog,
  services: ProcessServices,
): Promise<DataServer> {
  const { config } = state.current;
  const lifecycle = new Lifecycle(() => services.disk.isFull);
  const adapter = new EdgeAdapter(serverOptions(config), lifecycle);
  const app = await NestFactory.create(GatewayModule.of(state, log, lifecycle, services), adapter, {
    bodyParser: false,
    logger: false,
  });
  const running = app.get(RunningRequests);
  state.onReplaced(({ keyRing }) => {
    running.cutStrangers(keyRing);
  });
  const routes = app.get(EdgeRoutes);
  adapter.claim((method, path) => routes.find(method, path));
  await app.init();
  const server = app.getHttpServer() as Server;
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET_MAX;
  await app.listen(config.server.port, config.server.host);
  lifecycle.serve();
  return {
    url: urlOf(server, config.server.host),
    drain: () => drain(app, server, lifecycle, config.timeouts.drainMs),
  };
}

function serverOptions({ timeouts }: GatewayConfig): ServerOptions {
  return {
    headersTimeout: timeouts.clientHeadersMs,
    // The body has a limit of its own that grows with its size; this one only bounds what reaches no route.
    requestTimeout: 0,
    keepAliveTimeout: timeouts.clientKeepAliveMs,
    connectionsCheckingInterval: TIMEOUT_SWEEP_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    insecureHTTPParser: false,
    noDelay: true,
  };
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

async function drain(app: INestApplication, server: Server, lifecycle: Lifecycle, drainMs: number): Promise<void> {
  lifecycle.drain();
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_SWEEP_MS);
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
  await app.close();
}
