import type { Usage } from '@switchyard/contract';
import { count } from './checked-values.js';

const COLUMN_OF = {
  uncachedInput: 'uncached_input',
  cacheRead: 'cache_read',
  cacheWrite5m: 'cache_write_5m',
  cacheWrite1h: 'cache_write_1h',
  audioInput: 'audio_input',
  output: 'output',
  reasoning: 'reasoning',
  imageOutput: 'image_output',
  audioOutput: 'audio_output',
  webSearches: 'web_searches',
} as const satisfies Record<keyof Usage, string>;

type UsageColumn = (typeof COLUMN_OF)[keyof Usage];
export type UsageColumns = Readonly<Record<UsageColumn, number>>;

const FIELDS = Object.entries(COLUMN_OF) as readonly (readonly [keyof Usage, UsageColumn])[];

export const USAGE_COLUMNS: readonly UsageColumn[] = Object.values(COLUMN_OF);

/** Throws `RangeError` for what is no count. */
export function usageColumns(usage: Usage): UsageColumns {
  return Object.fromEntries(
    FIELDS.map(([field, column]) => [column, count(`usage.${field}`, usage[field])]),
  ) as UsageColumns;
}

export function usageOf(row: UsageColumns): Usage {
  return Object.fromEntries(FIELDS.map(([field, column]) => [field, row[column]])) as unknown as Usage;
}
