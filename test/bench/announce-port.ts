import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Opens the server on a free loopback port and tells the parent process which one. */
export function announcePort(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ port });
  });
  process.on('disconnect', () => {
    process.exit(0);
  });
}
