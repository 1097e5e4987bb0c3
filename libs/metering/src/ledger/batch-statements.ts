import type { AttemptsTable, DatabaseKind, RequestsTable, RollupsTable } from '@switchyard/database';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { LedgerTransaction } from './ledger-transaction.js';
import { DIMENSION_COLUMNS, SUM_COLUMNS } from './rollup-rows.js';
import type { RollupName } from './rollup-rows.js';
import { USAGE_COLUMNS } from './usage-columns.js';

/** PostgreSQL's name of it. */
type ColumnType = 'uuid' | 'text' | 'int8' | 'int4' | 'int2';
type Columns<Row> = Readonly<Record<keyof Row, ColumnType>>;

const columnsOf = <const Name extends string>(names: readonly Name[], type: ColumnType): Record<Name, ColumnType> =>
  Object.fromEntries(names.map((name) => [name, type])) as Record<Name, ColumnType>;

const REQUEST_COLUMNS: Columns<RequestsTable> = {
  id: 'uuid',
  ...columnsOf(['created_at', 'cost_nano', 'cost_input_nano', 'byok_cost_nano'], 'int8'),
  ...columnsOf(USAGE_COLUMNS, 'int4'),
  ...columnsOf(['images', 'latency_tenth_ms', 'first_token_tenth_ms', 'sole_attempt_tenth_ms'], 'int4'),
  ...columnsOf(['sole_attempt_status', 'protocol', 'status', 'usage_source', 'streamed', 'cost_incomplete'], 'int2'),
  ...columnsOf(['tenant', 'key_id', 'model', 'provider', 'endpoint'], 'text'),
  ...columnsOf(['finish_reason', 'error_code', 'upstream_id', 'price_version'], 'text'),
};

const ATTEMPT_COLUMNS: Columns<AttemptsTable> = {
  request_id: 'uuid',
  latency_tenth_ms: 'int4',
  n: 'int2',
  status: 'int2',
  ...columnsOf(['model', 'provider', 'endpoint', 'error_class'], 'text'),
};

const ROLLUP_COLUMNS: Columns<RollupsTable> = {
  ...columnsOf(DIMENSION_COLUMNS, 'text'),
  bucket: 'int8',
  ...columnsOf(SUM_COLUMNS, 'int8'),
};

/** Inserts the requests that are not there yet, and answers the ids of those. */
export async function insertRequests(
  { kysely, kind }: LedgerTransaction,
  rows: readonly RequestsTable[],
): Promise<ReadonlySet<string>> {
  const insert = insertFrom(kind, 'requests', REQUEST_COLUMNS, rows);
  const { rows: inserted } = await sql<{ id: string }>`${insert} on conflict (id) do nothing returning id`.execute(
    kysely,
  );
  return new Set(inserted.map(({ id }) => id));
}

export async function insertAttempts(
  { kysely, kind }: LedgerTransaction,
  rows: readonly AttemptsTable[],
): Promise<void> {
  if (rows.length > 0) await insertFrom(kind, 'attempts', ATTEMPT_COLUMNS, rows).execute(kysely);
}

/** `add` counts the rows into what is there, `replace` puts them in its place. */
export async function writeRollups(
  { kysely, kind }: LedgerTransaction,
  table: RollupName,
  rows: readonly RollupsTable[],
  how: 'add' | 'replace',
): Promise<void> {
  if (rows.length === 0) return;
  const insert = insertFrom(kind, table, ROLLUP_COLUMNS, rows);
  const before = how === 'add' ? (column: string) => `${table}.${column} + ` : () => '';
  const assignments = SUM_COLUMNS.map((column) => `${column} = ${before(column)}excluded.${column}`).join(', ');
  const key = sql.raw(DIMENSION_COLUMNS.join(', '));
  await sql`${insert} on conflict (${key}) do update set ${sql.raw(assignments)}`.execute(kysely);
}

/** All rows travel as one JSON parameter, whatever their number: one statement to parse, and one to keep. */
function insertFrom<Row>(
  kind: DatabaseKind,
  table: string,
  columns: Columns<Row>,
  rows: readonly Row[],
): RawBuilder<unknown> {
  const names = Object.keys(columns).join(', ');
  const json = JSON.stringify(rows);
  const into = sql.raw(`insert into ${table} (${names}) select`);
  if (kind === 'postgres') {
    const typed = Object.entries<ColumnType>(columns).map(([name, type]) => `${name} ${type}`);
    return sql`${into} ${sql.raw(names)} from json_to_recordset(${json}::json) as batch(${sql.raw(typed.join(', '))})`;
  }
  const values = Object.keys(columns).map((name) => `value ->> '${name}'`);
  // Without `where` SQLite would take `on conflict` for a condition of a join.
  return sql`${into} ${sql.raw(values.join(', '))} from json_each(${json}) where true`;
}
