import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { OpsParts } from '../admin/ops-parts.js';
import { OpsModule } from './ops.module.js';

/** The operations port: health, metrics, administration. */
export interface OpsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Port 0 = any free one. */
export async function startOpsServer(host: string, port: number, parts: OpsParts): Promise<OpsServer> {
  const app = await NestFactory.create(OpsModule.of(parts), { bodyParser: false, logger: false });
  await app.listen(port, host);
  const server = app.getHttpServer() as Server;
  const { port: opened } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(opened)}`,
    close: async () => {
      server.closeAllConnections();
      await app.close();
    },
  };
}
