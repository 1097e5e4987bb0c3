import { USAGE_FIELDS } from '@switchyard/contract';
import type { Usage, UsageWord } from '@switchyard/contract';
import { count } from './checked-values.js';

export type UsageColumns = Readonly<Record<UsageWord, number>>;

export const USAGE_COLUMNS: readonly UsageWord[] = USAGE_FIELDS.map(([, column]) => column);

/** Throws `RangeError` for what is no count. */
export function usageColumns(usage: Usage): UsageColumns {
  return Object.fromEntries(
    USAGE_FIELDS.map(([field, column]) => [column, count(`usage.${field}`, usage[field])]),
  ) as UsageColumns;
}

export function usageOf(row: UsageColumns): Usage {
  return Object.fromEntries(USAGE_FIELDS.map(([field, column]) => [field, row[column]])) as unknown as Usage;
}
