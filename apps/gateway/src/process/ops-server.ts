import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { OpsParts } from '../admin/ops-parts.js';
import { EdgeAdapter } from '../edge/edge-adapter.js';
import { boundConnections, serverOptions } from '../edge/server-options.js';
import { Strangers } from '../edge/strangers.js';
import { OpsModule } from './ops.module.js';

const CLIENT_TIMES = { headersMs: 10_000, requestMs: 60_000, keepAliveMs: 75_000 };
const CONNECTIONS_PER_ADDRESS_MAX = 256;

/** The operations port: health, metrics, administration. */
export interface OpsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Port 0 = any free one. */
export async function startOpsServer(host: string, port: number, parts: OpsParts): Promise<OpsServer> {
  const adapter = new EdgeAdapter(serverOptions(CLIENT_TIMES), new Strangers(() => CONNECTIONS_PER_ADDRESS_MAX));
  const app = await NestFactory.create(OpsModule.of(parts), adapter, { bodyParser: false, logger: false });
  await app.listen(port, host);
  const server = app.getHttpServer() as Server;
  boundConnections(server);
  const { port: opened } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(opened)}`,
    close: async () => {
      server.closeAllConnections();
      await app.close();
    },
  };
}
