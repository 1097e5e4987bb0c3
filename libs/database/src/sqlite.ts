import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { SqliteAdapter, SqliteDialect } from 'kysely';
import type { DialectAdapter, SqliteDatabase, SqliteStatement } from 'kysely';

/** Compiled statements kept; those of lists of many lengths come and go. */
const STATEMENTS_KEPT = 100;

/** SQLite's `begin` takes the write lock with the first write, and fails there without waiting when another has written since. */
const BEGIN = 'begin';
const BEGIN_WITH_LOCK = 'begin immediate';

const SQLITE_BUSY = 5;
const WAL_RETRY_MS = 20;
/** Never changes: waited on to let time pass in a start that is synchronous. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

export function sqliteDialect(file: string, busyTimeoutMs: number): SqliteDialect {
  return new TransactionalSqliteDialect({
    database: () => Promise.resolve().then(() => new NodeSqliteDatabase(openForOwner(file, busyTimeoutMs))),
  });
}

/** Kysely migrates in one transaction where the database can; SQLite can. */
class TransactionalSqliteDialect extends SqliteDialect {
  override createAdapter(): DialectAdapter {
    return new TransactionalSqliteAdapter();
  }
}

class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function openForOwner(file: string, busyTimeoutMs: number): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives its -wal and -shm files the mode of the database.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  becomeWal(database, busyTimeoutMs);
  // In WAL mode `normal` syncs at checkpoints: power loss may take the last commits, which the journal still has.
  database.exec('pragma synchronous = normal; pragma foreign_keys = on');
  return database;
}

/** SQLite does not wait where two processes make one file a WAL at the same time: each would wait for the other. */
function becomeWal(database: DatabaseSync, busyTimeoutMs: number): void {
  const untilMs = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      database.exec('pragma journal_mode = wal');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > untilMs) throw error;
      Atomics.wait(PAUSE, 0, 0, WAL_RETRY_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

/** `node:sqlite` in the shape of `better-sqlite3` that Kysely asks for. */
class NodeSqliteDatabase implements SqliteDatabase {
  private readonly statements = new Map<string, NodeSqliteStatement>();

  constructor(private readonly database: DatabaseSync) {}

  prepare(sql: string): SqliteStatement {
    const text = sql === BEGIN ? BEGIN_WITH_LOCK : sql;
    const statement = this.statements.get(text) ?? new NodeSqliteStatement(this.database.prepare(text));
    this.statements.delete(text);
    this.statements.set(text, statement);
    const [oldest] = this.statements.keys();
    if (this.statements.size > STATEMENTS_KEPT && oldest !== undefined) this.statements.delete(oldest);
    return statement;
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }
}

class NodeSqliteStatement implements SqliteStatement {
  readonly reader: boolean;

  constructor(private readonly statement: StatementSync) {
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.statement.all(...(parameters as SQLInputValue[]));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.statement.run(...(parameters as SQLInputValue[]));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.statement.iterate(...(parameters as SQLInputValue[]));
  }
}
