import type { Migration } from 'kysely/migration';
import { statements } from './column-types.js';
import type { ColumnTypes } from './column-types.js';

/** A key may belong to a tenant of the configuration file, so its tenant need not have a row. */
export function identity({ int8, int2, text, table }: ColumnTypes): Migration {
  return statements(
    `create table tenants (
      id ${text} not null primary key,
      policy ${text},
      limits ${text},
      created_at ${int8} not null,
      updated_at ${int8} not null
    ) ${table}`,
    `create table api_keys (
      id ${text} not null primary key,
      tenant ${text} not null,
      label ${text} not null,
      digest ${text} not null unique,
      previous_digest ${text} unique,
      previous_expires_at ${int8},
      hint ${text} not null,
      permissions ${text} not null,
      policy ${text},
      limits ${text},
      compat ${text} not null,
      expires_at ${int8},
      revoked_at ${int8},
      created_at ${int8} not null,
      updated_at ${int8} not null
    ) ${table}`,
    'create index api_keys_by_tenant on api_keys (tenant, id)',
    `create table identity_version (
      id ${int2} not null primary key check (id = 1),
      version ${int8} not null
    ) ${table}`,
    'insert into identity_version (id, version) values (1, 0)',
  );
}
