import type { Migration } from 'kysely/migration';
import { statements } from './column-types.js';
import type { ColumnTypes } from './column-types.js';

export function maintenance({ int8, int4, int2, text, keyedTable }: ColumnTypes): Migration {
  return statements(
    `create table alerts_sent (
      level ${text} not null,
      owner ${text} not null,
      window_id ${text} not null,
      threshold_permille ${int4} not null,
      attempts ${int2} not null default 0,
      created_at ${int8} not null,
      sent_at ${int8},
      state ${text} not null,
      payload ${text} not null,
      primary key (level, owner, window_id, threshold_permille)
    ) ${keyedTable}`,
    `create table maintenance (
      name ${text} not null primary key,
      ran_at ${int8} not null,
      detail ${text}
    ) ${keyedTable}`,
  );
}
