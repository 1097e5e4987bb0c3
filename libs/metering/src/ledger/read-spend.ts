import type { Database } from '@switchyard/database';
import { sql } from 'kysely';
import { cleanText } from './clean-text.js';
import { bucketOf, DAY_MS } from './rollup-rows.js';

/** Whose money it is: a tenant's, all its keys together, or a key's. */
export interface SpendOwner {
  readonly level: 'tenant' | 'key';
  readonly id: string;
}

/** Integer nano-USD spent in the UTC day, in the UTC month and ever. */
export interface Spend extends SpendOwner {
  readonly dayNanoUsd: number;
  readonly monthNanoUsd: number;
  readonly totalNanoUsd: number;
}

interface SpendRow {
  readonly owner: string;
  readonly day: number;
  readonly month: number;
  readonly total: number;
}

/** Owners a statement; both databases bound its parameters. */
const OWNERS_AT_ONCE = 1_000;

/** In the order of the owners; zero for one that spent nothing. */
export async function readSpend(
  database: Database,
  owners: readonly SpendOwner[],
  nowMs: number,
): Promise<readonly Spend[]> {
  const spent = {
    tenant: await spentBy(database, 'tenant', idsOf(owners, 'tenant'), nowMs),
    key: await spentBy(database, 'key_id', idsOf(owners, 'key'), nowMs),
  };
  return owners.map(({ level, id }) => {
    const row = spent[level].get(cleanText(id));
    return { level, id, dayNanoUsd: row?.day ?? 0, monthNanoUsd: row?.month ?? 0, totalNanoUsd: row?.total ?? 0 };
  });
}

function idsOf(owners: readonly SpendOwner[], level: SpendOwner['level']): readonly string[] {
  return [...new Set(owners.filter((owner) => owner.level === level).map(({ id }) => cleanText(id)))];
}

async function spentBy(
  { kysely }: Database,
  column: 'tenant' | 'key_id',
  ids: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, SpendRow>> {
  const owner = sql.ref(column);
  const day = sql.lit(bucketOf(nowMs, DAY_MS));
  const { first, next } = monthOf(nowMs);
  const month = sql`bucket >= ${sql.lit(first)} and bucket < ${sql.lit(next)}`;
  const spent = new Map<string, SpendRow>();
  for (let from = 0; from < ids.length; from += OWNERS_AT_ONCE) {
    const { rows } = await sql<SpendRow>`
      select ${owner} as owner,
        cast(sum(case when bucket = ${day} then cost_nano else 0 end) as bigint) as day,
        cast(sum(case when ${month} then cost_nano else 0 end) as bigint) as month,
        cast(sum(cost_nano) as bigint) as total
      from rollups_daily
      where ${owner} in (${sql.join(ids.slice(from, from + OWNERS_AT_ONCE))})
      group by ${owner}`.execute(kysely);
    for (const row of rows) spent.set(row.owner, row);
  }
  return spent;
}

/** Start of the UTC month that a time is in, and of the next one. */
function monthOf(timeMs: number): { readonly first: number; readonly next: number } {
  const time = new Date(timeMs);
  const [year, month] = [time.getUTCFullYear(), time.getUTCMonth()];
  return { first: Date.UTC(year, month), next: Date.UTC(year, month + 1) };
}
