import type { Migration } from 'kysely/migration';
import { statements } from './column-types.js';
import type { ColumnTypes } from './column-types.js';

const USAGE_COLUMNS = [
  'uncached_input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'audio_input',
  'output',
  'reasoning',
  'image_output',
  'audio_output',
  'web_searches',
];

/** Wide columns come first and text last: so PostgreSQL pads none of them, and a row stays small. */
export function ledger(types: ColumnTypes): Migration {
  return statements(
    requests(types),
    'create index requests_by_tenant on requests (tenant, created_at, id)',
    'create index requests_by_key on requests (key_id, created_at, id)',
    'create index requests_by_time on requests (created_at, id)',
    attempts(types),
    ...['hourly', 'daily'].flatMap((period) => [
      rollups(`rollups_${period}`, types),
      `create index rollups_${period}_by_tenant on rollups_${period} (tenant, bucket)`,
      `create index rollups_${period}_by_key on rollups_${period} (key_id, bucket)`,
    ]),
    ...bookkeeping(types),
  );
}

function requests({ int8, int4, int2, text, hex32, table }: ColumnTypes): string {
  return `create table requests (
    id ${hex32} not null primary key,
    created_at ${int8} not null,
    cost_nano ${int8} not null,
    cost_input_nano ${int8} not null,
    ${counts(int4)},
    images ${int4} not null default 0,
    latency_tenth_ms ${int4} not null,
    first_token_tenth_ms ${int4},
    sole_attempt_tenth_ms ${int4},
    sole_attempt_status ${int2},
    protocol ${int2} not null,
    status ${int2} not null,
    usage_source ${int2} not null,
    streamed ${int2} not null,
    cost_incomplete ${int2} not null,
    tenant ${text} not null,
    key_id ${text} not null,
    model ${text},
    provider ${text},
    endpoint ${text},
    finish_reason ${text},
    error_code ${text},
    upstream_id ${text} not null,
    price_version ${text} not null
  ) ${table}`;
}

function attempts({ int4, int2, text, hex32, keyedTable }: ColumnTypes): string {
  return `create table attempts (
    request_id ${hex32} not null,
    latency_tenth_ms ${int4} not null,
    n ${int2} not null,
    status ${int2},
    model ${text} not null,
    provider ${text} not null,
    endpoint ${text} not null,
    error_class ${text},
    primary key (request_id, n)
  ) ${keyedTable}`;
}

function rollups(name: string, { int8, text, busyTable }: ColumnTypes): string {
  return `create table ${name} (
    bucket ${int8} not null,
    requests ${int8} not null default 0,
    failures ${int8} not null default 0,
    cancelled ${int8} not null default 0,
    cost_nano ${int8} not null default 0,
    ${counts(int8)},
    tenant ${text} not null,
    key_id ${text} not null,
    model ${text} not null,
    provider ${text} not null,
    endpoint ${text} not null,
    primary key (bucket, tenant, key_id, model, provider, endpoint)
  ) ${busyTable}`;
}

function bookkeeping({ int8, int2, text, serial, table, keyedTable }: ColumnTypes): readonly string[] {
  return [
    `create table price_versions (
      version ${text} not null primary key,
      created_at ${int8} not null,
      prices ${text} not null
    ) ${keyedTable}`,
    `create table ledger_dead (
      id ${serial},
      created_at ${int8} not null,
      digest ${text} not null unique,
      record ${text} not null,
      reason ${text} not null
    ) ${table}`,
    `create table ledger_purge (
      id ${int2} not null primary key check (id = 1),
      purged_before ${int8} not null
    ) ${table}`,
    'insert into ledger_purge (id, purged_before) values (1, 0)',
  ];
}

function counts(type: string): string {
  return USAGE_COLUMNS.map((column) => `${column} ${type} not null default 0`).join(', ');
}
