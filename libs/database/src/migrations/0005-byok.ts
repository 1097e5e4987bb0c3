import type { Migration } from 'kysely/migration';
import { statements } from './column-types.js';
import type { ColumnTypes } from './column-types.js';

/** `null` = the operator's account served. */
export function byok({ int8 }: ColumnTypes): Migration {
  return statements(`alter table requests add column byok_cost_nano ${int8}`);
}
