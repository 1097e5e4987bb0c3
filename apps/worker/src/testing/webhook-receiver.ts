import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Status it was answered with. */
  readonly status: number;
}

/** A webhook endpoint on loopback that answers what a test tells it to. */
export interface WebhookReceiver {
  readonly url: string;
  readonly calls: readonly ReceivedCall[];
  close(): Promise<void>;
}

/** `statusOf` answers the status of the n-th call, from 0; 3xx points to the same server. `null` = never answers. */
export async function startReceiver(statusOf: (call: number) => number | null): Promise<WebhookReceiver> {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statusOf(calls.length);
      calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), status: status ?? 0 });
      if (status !== null) response.writeHead(status, { location: '/elsewhere' }).end('noted');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/hook`,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
