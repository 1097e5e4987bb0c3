import { GatewayError } from '@switchyard/contract';
import type { Usage } from '@switchyard/contract';
import type { Database } from '@switchyard/database';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { cleanText } from './clean-text.js';
import { pageSize, readCursor, writeCursor } from './page-cursor.js';
import { bucketOf, DAY_MS, HOUR_MS, SUM_COLUMNS } from './rollup-rows.js';
import type { RollupName } from './rollup-rows.js';
import { usageOf } from './usage-columns.js';
import type { UsageColumns } from './usage-columns.js';

export const SUM_GROUPS = ['hour', 'day', 'tenant', 'key', 'model', 'provider', 'endpoint'] as const;
export type SumGroup = (typeof SUM_GROUPS)[number];

/** Filters are exact; an absent one lets everything pass. Times count in whole hours: the first that `fromMs` is in to the last before `toMs`. */
export interface SumQuery {
  readonly tenant?: string;
  readonly keyId?: string;
  readonly model?: string;
  /** Unix milliseconds. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** `hour` or `day`, not both. None at all = one sum of everything. */
  readonly groupBy: readonly SumGroup[];
  /** Sums a page, 10,000 at most. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Sums of the requests of one group. What was not grouped by is `null`; a model, provider or endpoint that was never reached is `''`. */
export interface UsageSum {
  /** Start of the UTC hour or day, Unix milliseconds. */
  readonly bucketMs: number | null;
  readonly tenant: string | null;
  readonly keyId: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly endpoint: string | null;
  /** All of them: completed, failed and cancelled. */
  readonly requests: number;
  readonly failures: number;
  /** By the client. */
  readonly cancelled: number;
  readonly usage: Usage;
  /** Integer nano-USD. */
  readonly costNanoUsd: number;
}

/** `nextCursor`: `null` = this was the last page. */
export interface SumPage {
  readonly sums: readonly UsageSum[];
  readonly nextCursor: string | null;
}

interface SumRow extends UsageColumns {
  readonly bucket?: number;
  readonly tenant?: string;
  readonly key_id?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly endpoint?: string;
  readonly requests: number;
  readonly failures: number;
  readonly cancelled: number;
  readonly cost_nano: number;
}

/** A column to group and order by, under its name in `SumRow`. */
interface GroupColumn {
  readonly name: 'bucket' | 'tenant' | 'key_id' | 'model' | 'provider' | 'endpoint';
  readonly value: RawBuilder<unknown>;
}

const GROUP_COLUMNS: Readonly<Record<SumGroup, GroupColumn>> = {
  hour: { name: 'bucket', value: sql.ref('bucket') },
  day: { name: 'bucket', value: sql.raw(`(bucket - bucket % ${DAY_MS})`) },
  tenant: { name: 'tenant', value: sql.ref('tenant') },
  key: { name: 'key_id', value: sql.ref('key_id') },
  model: { name: 'model', value: sql.ref('model') },
  provider: { name: 'provider', value: sql.ref('provider') },
  endpoint: { name: 'endpoint', value: sql.ref('endpoint') },
};

const SUMS = sql.raw(
  SUM_COLUMNS.map((column) => `cast(coalesce(sum(${column}), 0) as bigint) as ${column}`).join(', '),
);

export async function readSums({ kysely }: Database, query: SumQuery): Promise<SumPage> {
  const limit = pageSize(query.limit);
  const columns = groupColumns(query.groupBy);
  const groups = columns.map(({ value }) => value);
  const selected = columns.map(({ name, value }) => sql`${value} as ${sql.ref(name)}`);
  const grouping = groups.length === 0 ? sql`` : sql`group by ${sql.join(groups)} order by ${sql.join(groups)}`;
  const statement = sql<SumRow>`
    select ${sql.join([...selected, SUMS])} from ${sql.table(tableOf(query))}
    where ${sql.join(conditions(query, columns), sql` and `)} ${grouping} limit ${limit + 1}`;
  const { rows } = await statement.execute(kysely);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const nextCursor =
    rows.length > limit && last !== undefined ? writeCursor(columns.map(({ name }) => last[name] ?? '')) : null;
  return { sums: page.map(sumOf), nextCursor };
}

function groupColumns(groupBy: readonly SumGroup[]): readonly GroupColumn[] {
  if (groupBy.includes('hour') && groupBy.includes('day')) {
    throw new GatewayError('invalid_request', 'group_by takes hour or day, not both.', { param: 'group_by' });
  }
  return SUM_GROUPS.filter((group) => groupBy.includes(group)).map((group) => GROUP_COLUMNS[group]);
}

/** The daily rollups have a twenty-fourth of the rows, and answer whatever begins and ends with days. */
function tableOf({ groupBy, fromMs, toMs }: SumQuery): RollupName {
  const isWholeDays = [fromMs, toMs].every((timeMs) => timeMs === undefined || timeMs % DAY_MS === 0);
  return isWholeDays && !groupBy.includes('hour') ? 'rollups_daily' : 'rollups_hourly';
}

function conditions(
  { tenant, keyId, model, fromMs, toMs, cursor }: SumQuery,
  columns: readonly GroupColumn[],
): RawBuilder<unknown>[] {
  const all: RawBuilder<unknown>[] = [sql`1 = 1`];
  if (tenant !== undefined) all.push(sql`tenant = ${cleanText(tenant)}`);
  if (keyId !== undefined) all.push(sql`key_id = ${cleanText(keyId)}`);
  if (model !== undefined) all.push(sql`model = ${cleanText(model)}`);
  if (fromMs !== undefined) all.push(sql`bucket >= ${bucketOf(Math.ceil(fromMs), HOUR_MS)}`);
  if (toMs !== undefined) all.push(sql`bucket < ${Math.ceil(toMs)}`);
  if (cursor !== undefined) {
    const key = readCursor(
      cursor,
      columns.map(({ name }) => (name === 'bucket' ? 'time' : 'text')),
    );
    const groups = columns.map(({ value }) => value);
    // Without groups there is one sum, and so no cursor that could be one.
    if (groups.length > 0) all.push(sql`(${sql.join(groups)}) > (${sql.join(key)})`);
  }
  return all;
}

function sumOf(row: SumRow): UsageSum {
  return {
    bucketMs: row.bucket ?? null,
    tenant: row.tenant ?? null,
    keyId: row.key_id ?? null,
    model: row.model ?? null,
    provider: row.provider ?? null,
    endpoint: row.endpoint ?? null,
    requests: row.requests,
    failures: row.failures,
    cancelled: row.cancelled,
    usage: usageOf(row),
    costNanoUsd: row.cost_nano,
  };
}
