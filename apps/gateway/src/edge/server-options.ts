import type { Server, ServerOptions } from 'node:http';

/** How often Node looks for connections over their time limits. */
const TIMEOUT_SWEEP_MS = 5_000;
const HEADER_BYTES_MAX = 16 * 1024;
const REQUESTS_PER_SOCKET_MAX = 1_000;

/** What a client has time for, in milliseconds. */
export interface ClientTimes {
  /** The head of a request. */
  readonly headersMs: number;
  /** A whole request, whatever becomes of it; must not be less than `headersMs`. */
  readonly requestMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
}

/** How Node is to treat connections of a port. */
export function serverOptions({ headersMs, requestMs, keepAliveMs }: ClientTimes): ServerOptions {
  return {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: TIMEOUT_SWEEP_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    insecureHTTPParser: false,
    // The front door judges heads, and answers in the client's protocol.
    requireHostHeader: false,
    noDelay: true,
  };
}

/** What Node takes as properties of a server alone. */
export function boundConnections(server: Server): void {
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET_MAX;
}
