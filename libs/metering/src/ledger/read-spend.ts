import type { Database } from '@switchyard/database';
import { sql } from 'kysely';
import { cleanText } from './clean-text.js';
import { bucketOf, DAY_MS } from './rollup-rows.js';

/** Whose money it is: a tenant's, all its keys together, or a key's. */
export interface SpendOwner {
  readonly level: 'tenant' | 'key';
  readonly id: string;
  /** Of a key: only what was spent for this tenant; absent = for whichever. */
  readonly tenant?: string;
}

/** Integer nano-USD spent in the UTC day, in the UTC month and ever. */
export interface Spend extends SpendOwner {
  readonly dayNanoUsd: number;
  readonly monthNanoUsd: number;
  readonly totalNanoUsd: number;
}

interface SpendRow {
  readonly owner: string;
  readonly tenant: string;
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
    tenant: await spentBy(database, 'tenant', idsOf(owners, 'tenant'), null, nowMs),
    key: await spentBy(database, 'key_id', idsOf(owners, 'key'), tenantsOf(owners), nowMs),
  };
  return owners.map((owner) => {
    const { id, tenant } = owner;
    const rows = spent[owner.level].get(cleanText(id)) ?? [];
    const own = tenant === undefined ? rows : rows.filter((row) => row.tenant === cleanText(tenant));
    return {
      ...owner,
      dayNanoUsd: own.reduce((sum, { day }) => sum + day, 0),
      monthNanoUsd: own.reduce((sum, { month }) => sum + month, 0),
      totalNanoUsd: own.reduce((sum, { total }) => sum + total, 0),
    };
  });
}

function idsOf(owners: readonly SpendOwner[], level: SpendOwner['level']): readonly string[] {
  return [...new Set(owners.filter((owner) => owner.level === level).map(({ id }) => cleanText(id)))];
}

/** The tenants that keys are asked for; `null` = some are asked for whichever it is. */
function tenantsOf(owners: readonly SpendOwner[]): readonly string[] | null {
  const tenants = owners.filter(({ level }) => level === 'key').map(({ tenant }) => tenant);
  const named = tenants.filter((tenant) => tenant !== undefined);
  const distinct = [...new Set(named.map((tenant) => cleanText(tenant)))];
  return named.length < tenants.length || distinct.length > OWNERS_AT_ONCE ? null : distinct;
}

async function spentBy(
  { kysely }: Database,
  column: 'tenant' | 'key_id',
  ids: readonly string[],
  tenants: readonly string[] | null,
  nowMs: number,
): Promise<ReadonlyMap<string, readonly SpendRow[]>> {
  const owner = sql.ref(column);
  const day = sql.lit(bucketOf(nowMs, DAY_MS));
  const { first, next } = monthOf(nowMs);
  const month = sql`bucket >= ${sql.lit(first)} and bucket < ${sql.lit(next)}`;
  const allowed = tenants === null ? sql`` : sql`and tenant in (${sql.join(tenants)})`;
  const spent = new Map<string, SpendRow[]>();
  for (let from = 0; from < ids.length; from += OWNERS_AT_ONCE) {
    const { rows } = await sql<SpendRow>`
      select ${owner} as owner, tenant,
        cast(sum(case when bucket = ${day} then cost_nano else 0 end) as bigint) as day,
        cast(sum(case when ${month} then cost_nano else 0 end) as bigint) as month,
        cast(sum(cost_nano) as bigint) as total
      from rollups_daily
      where ${owner} in (${sql.join(ids.slice(from, from + OWNERS_AT_ONCE))}) ${allowed}
      group by tenant, ${owner}`.execute(kysely);
    for (const row of rows) spent.set(row.owner, [...(spent.get(row.owner) ?? []), row]);
  }
  return spent;
}

/** Start of the UTC month that a time is in, and of the next one. */
function monthOf(timeMs: number): { readonly first: number; readonly next: number } {
  const time = new Date(timeMs);
  const [year, month] = [time.getUTCFullYear(), time.getUTCMonth()];
  return { first: Date.UTC(year, month), next: Date.UTC(year, month + 1) };
}
