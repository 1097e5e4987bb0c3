import { errors, Pool } from 'undici';
import { AddressRefused } from './address-guard.js';
import { Exchange, type ExchangeTools } from './exchange.js';
import { PoolShelf } from './pool-shelf.js';
import { surface } from './surface.js';
import { TimerWheel } from './timer-wheel.js';
import type { UpstreamCall, UpstreamHandler, UpstreamRequest } from './upstream.js';

export interface TransportOptions {
  /** The process's timer wheel; one of its own when absent. */
  readonly wheel?: TimerWheel;
  /** Most connections to one origin for one pool key; more requests wait, within their connect time-out. Default 1024. */
  readonly maxConnections?: number;
  /** Most pools kept; beyond it the oldest idle one is closed. Default 512. */
  readonly maxPools?: number;
  /**
   * How long an idle connection is kept when the upstream does not say, in milliseconds. Default 4000: common servers close theirs
   * after 5 s, and a request that meets the closing is lost. Where a `keep-alive: timeout=` header says more, that counts.
   */
  readonly keepAliveMs?: number;
  /** Most bytes of an answer's status line and headers. Default 32768. */
  readonly maxHeaderBytes?: number;
  /** Told of exceptions thrown by handlers, which are faults of the program. Default: they surface as uncaught exceptions. */
  readonly onFault?: (error: unknown) => void;
}

const DEFAULT_MAX_CONNECTIONS = 1024;
const DEFAULT_MAX_POOLS = 512;
const DEFAULT_KEEP_ALIVE_MS = 4_000;
const DEFAULT_MAX_HEADER_BYTES = 32 * 1024;
const KEEP_ALIVE_MAX_MS = 120_000;
/** How much earlier than the upstream says an idle connection is given up, so that no request meets its closing. */
const KEEP_ALIVE_MARGIN_MS = 1_000;
/** Frees the sockets of connection attempts that nobody waits for any more: requests have their own, shorter time-outs. */
const CONNECT_TIMEOUT_MS = 30_000;

/**
 * Connections to upstreams. Knows bytes, not models: HTTP/1.1 without pipelining, redirects not followed, nothing retried,
 * bodies asked for uncoded. One pool of connections for each origin, pool key and guard, so that credentials never share
 * one, and no guarded request rides on a connection that was opened unguarded.
 */
export class Transport {
  private readonly pools: PoolShelf;
  private readonly tools: ExchangeTools;
  private closed = false;

  constructor(private readonly options: TransportOptions = {}) {
    this.tools = { wheel: options.wheel ?? new TimerWheel(), onFault: options.onFault ?? surface };
    this.pools = new PoolShelf(options.maxPools ?? DEFAULT_MAX_POOLS);
  }

  /** Sends a request. Never throws: whatever goes wrong reaches the handler, after this has returned. */
  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const exchange = new Exchange(request, handler, this.tools);
    exchange.start(() => this.pool(request));
    return exchange;
  }

  /** Closes all connections; what is under way ends with an error. Resolves when every socket is closed. */
  async close(): Promise<void> {
    this.closed = true;
    await this.pools.destroy();
  }

  private pool(request: UpstreamRequest): Pool {
    const { origin, poolKey, guard } = request;
    const unguarded = poolKey === undefined ? origin : `${origin} ${poolKey}`;
    const key = guard === null ? unguarded : `guarded ${guard.key} ${unguarded}`;
    const known = this.pools.get(key);
    if (known !== undefined) return known;
    if (this.closed) throw new errors.ClientClosedError();
    return this.pools.put(key, this.openPool(request), request.isPassing === true);
  }

  private openPool({ origin, guard }: UpstreamRequest): Pool {
    const { maxConnections, keepAliveMs, maxHeaderBytes } = this.options;
    // A literal is not looked up, so the hook below never sees it.
    if (guard !== null && !guard.mayConnectTo(new URL(origin).hostname)) throw new AddressRefused();
    return new Pool(origin, {
      connections: maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      pipelining: 1,
      allowH2: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(guard !== null && { connect: { lookup: guard.lookup } }),
      // The exchange's own timers on the wheel take their place.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs ?? DEFAULT_KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      maxHeaderSize: maxHeaderBytes ?? DEFAULT_MAX_HEADER_BYTES,
    });
  }
}
