import { Database } from '@switchyard/database';
import type { RequestsTable } from '@switchyard/database';
import { join } from 'node:path';
import type { Deployment } from './deployment.js';

/** One row of the ledger, as far as the experiments care. */
export interface Row {
  readonly id: string;
  readonly keyId: string;
  readonly tenant: string;
  /** As the ledger numbers them; see `ORPHANED` and `COMPLETED`. */
  readonly status: number;
  readonly createdAtMs: number;
  readonly latencyMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
  /** What is charged is not what an upstream reported in the end. */
  readonly isEstimate: boolean;
}

/** A statement may take seconds, and a ledger may be long. */
const PAGE_ROWS = 20_000;
/** Comes before every id. */
const NO_ID = '0'.repeat(32);

export const COMPLETED = 1;
export const ORPHANED = 6;
/** Sources of a usage. */
const PARTIAL = 2;
const ESTIMATED = 3;

export interface Sums {
  readonly requests: number;
  readonly costNanoUsd: number;
}

/** The ledger of a deployment, read with queries of its own: a witness of what the gateway's library says. */
export class Books {
  private constructor(private readonly databases: readonly Database[]) {}

  static of({ databaseUrl, gateways }: Deployment): Books {
    const file = (dataDir: string): string => join(dataDir, 'ledger.sqlite');
    if (databaseUrl !== null) return new Books([Database.open({ url: databaseUrl, file: '' })]);
    return new Books(gateways.map(({ dataDir }) => Database.open({ url: null, file: file(dataDir) })));
  }

  /** All rows, of all ledgers: an id that stands in two of them is there twice. */
  async rows(): Promise<Row[]> {
    const rows = await Promise.all(this.databases.map((database) => rowsOf(database)));
    return rows.flat();
  }

  /** How many rows there are; 0 while the ledger is away. */
  async count(): Promise<number> {
    let count = 0;
    for (const { kysely } of this.databases) {
      const query = kysely.selectFrom('requests').select(({ fn }) => fn.countAll<number>().as('count'));
      count += (await query.executeTakeFirst().catch(() => undefined))?.count ?? 0;
    }
    return count;
  }

  async rollups(table: 'rollups_hourly' | 'rollups_daily'): Promise<Sums> {
    const sums = { requests: 0, costNanoUsd: 0 };
    for (const { kysely } of this.databases) {
      for (const row of await kysely.selectFrom(table).select(['requests', 'cost_nano']).execute()) {
        sums.requests += row.requests;
        sums.costNanoUsd += row.cost_nano;
      }
    }
    return sums;
  }

  /** Records that the ledger refused. */
  async setAside(): Promise<number> {
    let dead = 0;
    for (const { kysely } of this.databases)
      dead += (await kysely.selectFrom('ledger_dead').select('id').execute()).length;
    return dead;
  }

  async close(): Promise<void> {
    await Promise.all(this.databases.map((database) => database.close()));
  }
}

async function rowsOf({ kysely }: Database): Promise<Row[]> {
  const rows: Row[] = [];
  for (let last = NO_ID; ; last = rows.at(-1)?.id ?? last) {
    const query = kysely.selectFrom('requests').selectAll().where('id', '>', last).orderBy('id');
    const page = await query.limit(PAGE_ROWS).execute();
    rows.push(...page.map(rowOf));
    if (page.length < PAGE_ROWS) return rows;
  }
}

function rowOf(row: RequestsTable): Row {
  return {
    id: row.id,
    keyId: row.key_id,
    tenant: row.tenant,
    status: row.status,
    createdAtMs: row.created_at,
    latencyMs: row.latency_tenth_ms / 10,
    inputTokens: row.uncached_input + row.cache_read + row.cache_write_5m + row.cache_write_1h + row.audio_input,
    outputTokens: row.output + row.reasoning + row.image_output + row.audio_output,
    costNanoUsd: row.cost_nano,
    isEstimate: row.usage_source === PARTIAL || row.usage_source === ESTIMATED,
  };
}

export function sumsOf(rows: readonly Row[]): Sums {
  return { requests: rows.length, costNanoUsd: rows.reduce((sum, row) => sum + row.costNanoUsd, 0) };
}

/** Ids that stand in the ledger more than once. */
export function doubles(rows: readonly Row[]): string[] {
  const seen = new Set<string>();
  return rows.map(({ id }) => id).filter((id) => seen.size === seen.add(id).size);
}
