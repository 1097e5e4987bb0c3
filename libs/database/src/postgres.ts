import { PostgresDialect } from 'kysely';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { Pool, TypeOverrides, types } from 'pg';
import type { PoolClient } from 'pg';
import { isLostConnection } from './connection-fault.js';

export interface PostgresOptions {
  readonly url: string;
  readonly maxConnections: number;
  /** 0 = none. */
  readonly statementTimeoutMs: number;
}

/** The server cancels a statement that takes too long; a server that does not even do that is given up on a little later. */
const SILENCE_BEYOND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_CONNECTION_MS = 30_000;
const KEEP_ALIVE_AFTER_MS = 10_000;

export function postgresDialect(options: PostgresOptions): PostgresDialect {
  return new PostgresDialect({ pool: () => Promise.resolve(new DiscardingPool(poolOf(options))) });
}

function poolOf({ url, maxConnections, statementTimeoutMs }: PostgresOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'switchyard',
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    types: ownTypes(),
    ...(statementTimeoutMs > 0 && {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + SILENCE_BEYOND_TIMEOUT_MS,
    }),
  });
  // A connection that breaks is replaced when one is needed. Whoever runs a query on it, or asks for the next, learns what is
  // wrong; without listeners the process would end.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * `pg` gives a connection back to the pool whose answer never came, where it keeps its next users waiting, and one that the
 * server is about to close, where it fails them. Here such a connection is closed.
 */
class DiscardingPool implements PostgresPool {
  constructor(private readonly pool: Pool) {}

  get options(): object {
    return this.pool.options;
  }

  async connect(): Promise<PostgresPoolClient> {
    return new DiscardingClient(await this.pool.connect());
  }

  end(): Promise<void> {
    return this.pool.end();
  }
}

class DiscardingClient implements PostgresPoolClient {
  private isBroken = false;

  constructor(private readonly client: PoolClient) {}

  query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query(text: unknown, parameters: readonly unknown[] = []): never {
    if (typeof text !== 'string') throw new TypeError('Cursors are not used: an answer is read by pages.');
    return this.rows(text, parameters) as never;
  }

  release(discard = false): void {
    this.client.release(discard || this.isBroken);
  }

  private async rows(text: string, parameters: readonly unknown[]): Promise<unknown> {
    try {
      return await this.client.query(text, [...parameters]);
    } catch (error) {
      if (isLostConnection(error)) this.isBroken = true;
      throw error;
    }
  }
}

/** Whole numbers as numbers, and a uuid as the 32 digits that it was given as. */
function ownTypes(): TypeOverrides {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(types.builtins.INT8, safeInteger);
  overrides.setTypeParser(types.builtins.UUID, withoutDashes);
  return overrides;
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The database answered ${text}, which is no safe integer.`);
  return value;
}

function withoutDashes(text: string): string {
  return text.replaceAll('-', '');
}
