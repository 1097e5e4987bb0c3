import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { OpsModule } from './ops.module.js';

/** The operations port: health now; metrics, administration and console have their place here. */
export interface OpsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** `isReady` answers for the data plane as a whole. */
export async function startOpsServer(host: string, port: number, isReady: () => boolean): Promise<OpsServer> {
  const app = await NestFactory.create(OpsModule.of(isReady), { bodyParser: false, logger: false });
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
