import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database-kind.js';

/** How one definition of a table is spelled in each database. */
export interface ColumnTypes {
  readonly int8: string;
  readonly int4: string;
  readonly int2: string;
  readonly text: string;
  /** 32 hexadecimal digits. */
  readonly hex32: string;
  /** A primary key that counts by itself. */
  readonly serial: string;
  /** Ends a table. */
  readonly table: string;
  /** Ends a table that is found by its primary key alone. */
  readonly keyedTable: string;
  /** Ends a table whose rows change all the time in columns that no index has. */
  readonly busyTable: string;
}

const POSTGRES: ColumnTypes = {
  int8: 'bigint',
  int4: 'integer',
  int2: 'smallint',
  // Ordered by bytes: as SQLite does, and no index depends on the version of the machine's locales.
  text: 'text collate "C"',
  hex32: 'uuid',
  serial: 'bigint generated always as identity primary key',
  table: '',
  keyedTable: '',
  // Room in each page for the next version of a row, which then needs no new index entries.
  busyTable: 'with (fillfactor = 70)',
};

/** `strict` tables refuse a value of another type, as PostgreSQL does. */
const SQLITE: ColumnTypes = {
  int8: 'integer',
  int4: 'integer',
  int2: 'integer',
  text: 'text',
  hex32: 'text',
  serial: 'integer primary key autoincrement',
  table: 'strict',
  keyedTable: 'strict, without rowid',
  busyTable: 'strict, without rowid',
};

export function columnTypes(kind: DatabaseKind): ColumnTypes {
  return kind === 'sqlite' ? SQLITE : POSTGRES;
}

/** Runs the statements in order. */
export function statements(...texts: readonly string[]): Migration {
  return {
    up: async (database: Kysely<unknown>) => {
      for (const text of texts) await sql.raw(text).execute(database);
    },
  };
}
