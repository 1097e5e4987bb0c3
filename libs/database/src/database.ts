import { Kysely } from 'kysely';
import type { Dialect } from 'kysely';
import type { DatabaseKind } from './database-kind.js';
import { migrateToLatest } from './migrate.js';
import type { MigrationReport } from './migrate.js';
import { postgresDialect } from './postgres.js';
import type { Schema } from './schema.js';
import { sqliteDialect } from './sqlite.js';

export interface DatabaseOptions {
  /** `postgres://...`; `null` = SQLite. */
  readonly url: string | null;
  /** Path of the SQLite file. It and its folder are made when absent, for their owner alone. */
  readonly file: string;
  /** Connections to PostgreSQL at most, 4 when absent. SQLite has one. */
  readonly maxConnections?: number;
  /** How long a statement, a connection and a lock are waited for, 5,000 ms when absent. */
  readonly statementTimeoutMs?: number;
}

const MAX_CONNECTIONS = 4;
const STATEMENT_TIMEOUT_MS = 5_000;

/**
 * The database of a deployment: a SQLite file for one process, or PostgreSQL for any number of them. Both answer whole
 * numbers as `number`; one that is no safe integer is an error.
 */
export class Database {
  private constructor(
    readonly kind: DatabaseKind,
    readonly kysely: Kysely<Schema>,
    private readonly patientDialect: () => Dialect,
  ) {}

  /** Connects with the first query. Throws for a URL of another kind. */
  static open({ url, file, ...options }: DatabaseOptions): Database {
    const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
    const maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    if (url === null) {
      const dialect = (): Dialect => sqliteDialect(file, statementTimeoutMs);
      return new Database('sqlite', new Kysely({ dialect: dialect() }), dialect);
    }
    if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('A database URL begins with postgres:// or postgresql://.');
    return new Database(
      'postgres',
      new Kysely({ dialect: postgresDialect({ url, maxConnections, statementTimeoutMs }) }),
      () => postgresDialect({ url, maxConnections: 1, statementTimeoutMs: 0 }),
    );
  }

  /**
   * Brings the schema up to this version; forward only. Any number of processes may call it at once: one migrates and
   * the others wait. Throws when the database was written by a newer version.
   */
  async migrate(): Promise<MigrationReport> {
    // On a connection of its own: a migration of a large table, and waiting for another's, take longer than any query may.
    const kysely = new Kysely<Schema>({ dialect: this.patientDialect() });
    try {
      return await migrateToLatest(kysely, this.kind);
    } finally {
      await kysely.destroy();
    }
  }

  /** Waits for running queries. The database cannot be used afterwards. */
  async close(): Promise<void> {
    await this.kysely.destroy();
  }
}
