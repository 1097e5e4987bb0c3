import type { Migration } from 'kysely/migration';
import { statements } from './column-types.js';
import type { ColumnTypes } from './column-types.js';

/** A credential may belong to a provider of the shipped catalogue or of the configuration file: neither has a row. */
export function credentials({ int8, text, table }: ColumnTypes): Migration {
  return statements(
    `create table provider_credentials (
      row_id ${text} not null primary key,
      provider ${text} not null,
      id ${text} not null,
      sealed ${text} not null,
      digest_prefix ${text} not null,
      settings ${text} not null,
      created_at ${int8} not null,
      updated_at ${int8} not null,
      unique (provider, id)
    ) ${table}`,
  );
}
