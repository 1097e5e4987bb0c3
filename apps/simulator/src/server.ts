import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningSimulator, SimulatorOptions } from './options.js';
import { answerRequest } from './handler.js';
import { newState } from './state.js';

/**
 * Starts an upstream on `host:port`.
 * @throws Error when the port cannot be listened on.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const state = newState(options);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request: IncomingMessage, response: ServerResponse) => {
    answerRequest(state, request, response).catch((error: unknown) => {
      // A defect of the simulator must not pass for one of the faults it plays.
      if (!response.headersSent) response.writeHead(500).end(`simulator defect: ${String(error)}`);
      else response.destroy();
    });
  });
  const host = options.host ?? '127.0.0.1';
  await listening(server, options.port ?? 0, host);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests: state.recorder.requests,
    clear: () => {
      state.recorder.clear();
      state.cache.clear();
      state.faults.clear();
    },
    setFaults: (provider, faults) => state.faults.setFaults(provider, faults),
    waitFor: (wants, timeoutMs = 5_000) => state.recorder.waitFor(wants, timeoutMs),
    close: () => closed(server),
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
