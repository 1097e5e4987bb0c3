import type { RequestsTable, RollupsTable } from '@switchyard/database';
import { STATUS_CODES } from './codes.js';
import { USAGE_COLUMNS } from './usage-columns.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export type RollupName = 'rollups_hourly' | 'rollups_daily';

/** What a sum is of; the primary key of the rollups. */
export const DIMENSION_COLUMNS = ['bucket', 'tenant', 'key_id', 'model', 'provider', 'endpoint'] as const;

/** What is summed. */
export const SUM_COLUMNS = ['requests', 'failures', 'cancelled', 'cost_nano', ...USAGE_COLUMNS] as const;

export const COMPLETED = STATUS_CODES.codeOf('completed');
export const CANCELLED = STATUS_CODES.codeOf('client_cancelled');

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** Start of the hour or day (UTC, which has no leap seconds in Unix time) that a time is in. */
export function bucketOf(timeMs: number, lengthMs: number): number {
  return timeMs - (timeMs % lengthMs);
}

/** Dimensions as one text. Text in rows has no NUL, so no two rows share it by accident. */
export function rollupKey(row: RollupsTable): string {
  return DIMENSION_COLUMNS.map((column) => row[column]).join('\0');
}

/** What requests add to the rollups of that length, in the order of their keys: writers that lock rows in one order never wait in a circle. */
export function rollupsOf(requests: Iterable<RequestsTable>, lengthMs: number): readonly RollupsTable[] {
  const sums = new Map<string, Writable<RollupsTable>>();
  for (const request of requests) {
    const row = rollupOf(request, lengthMs);
    const key = rollupKey(row);
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, row);
    else for (const column of SUM_COLUMNS) sum[column] += row[column];
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function rollupOf(request: RequestsTable, lengthMs: number): RollupsTable {
  const { status } = request;
  return {
    bucket: bucketOf(request.created_at, lengthMs),
    tenant: request.tenant,
    key_id: request.key_id,
    model: request.model ?? '',
    provider: request.provider ?? '',
    endpoint: request.endpoint ?? '',
    requests: 1,
    failures: status === COMPLETED || status === CANCELLED ? 0 : 1,
    cancelled: status === CANCELLED ? 1 : 0,
    cost_nano: request.cost_nano,
    uncached_input: request.uncached_input,
    cache_read: request.cache_read,
    cache_write_5m: request.cache_write_5m,
    cache_write_1h: request.cache_write_1h,
    audio_input: request.audio_input,
    output: request.output,
    reasoning: request.reasoning,
    image_output: request.image_output,
    audio_output: request.audio_output,
    web_searches: request.web_searches,
  };
}
