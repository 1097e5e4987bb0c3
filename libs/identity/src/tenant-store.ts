import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Database, Schema } from '@switchyard/database';
import type { Kysely } from 'kysely';
import { changeIdentity } from './identity-change.js';
import type { StoredTenant } from './stored-identity.js';
import { tenantOf, tenantRowOf } from './stored-rows.js';

/** What a tenant may be changed to; absent = as it is. */
export interface TenantChange {
  readonly policy?: JsonObject | null;
  readonly limits?: JsonObject | null;
}

export interface NewTenant {
  readonly id: string;
  readonly policy: JsonObject | null;
  readonly limits: JsonObject | null;
}

export interface TenantPage {
  /** Only ids after this one, in byte order. */
  readonly afterId?: string;
  readonly limit: number;
}

/** Tenants in the database. Rejects as `KeyStore` does. */
export class TenantStore {
  /** `now` answers Unix milliseconds. */
  constructor(
    private readonly database: Database,
    private readonly now: () => number,
  ) {}

  create(input: NewTenant): Promise<StoredTenant> {
    const nowMs = this.now();
    const tenant = { ...input, createdAtMs: nowMs, updatedAtMs: nowMs };
    return changeIdentity(this.database, async (transaction) => {
      if (await this.isIn(transaction, input.id)) {
        throw new GatewayError('conflict', `Another tenant has the id "${input.id}".`, { param: 'id' });
      }
      await transaction.insertInto('tenants').values(tenantRowOf(tenant)).execute();
      return tenant;
    });
  }

  /** `null` = nobody has the id. */
  find(id: string): Promise<StoredTenant | null> {
    return findIn(this.database.kysely, id);
  }

  /** Tenants by ascending id. */
  async list({ afterId, limit }: TenantPage): Promise<readonly StoredTenant[]> {
    let query = this.database.kysely.selectFrom('tenants').selectAll().orderBy('id').limit(limit);
    if (afterId !== undefined) query = query.where('id', '>', afterId);
    return (await query.execute()).map(tenantOf);
  }

  update(id: string, change: TenantChange): Promise<StoredTenant> {
    return changeIdentity(this.database, async (transaction) => {
      const old = await findIn(transaction, id);
      if (old === null) throw unknownTenant();
      const tenant = { ...old, ...change, updatedAtMs: this.now() };
      await transaction.updateTable('tenants').set(tenantRowOf(tenant)).where('id', '=', id).execute();
      return tenant;
    });
  }

  /** Removes a tenant whose keys are all revoked; `GatewayError(conflict)` while one is not. */
  delete(id: string): Promise<void> {
    return changeIdentity(this.database, async (transaction) => {
      if (!(await this.isIn(transaction, id))) throw unknownTenant();
      const key = await transaction
        .selectFrom('api_keys')
        .select('id')
        .where('tenant', '=', id)
        .where('revoked_at', 'is', null)
        .orderBy('id')
        .executeTakeFirst();
      if (key !== undefined) {
        throw new GatewayError('conflict', `The tenant "${id}" has keys that are not revoked, such as "${key.id}".`);
      }
      await transaction.deleteFrom('tenants').where('id', '=', id).execute();
    });
  }

  async isIn(database: Kysely<Schema>, id: string): Promise<boolean> {
    return (await findIn(database, id)) !== null;
  }
}

async function findIn(database: Kysely<Schema>, id: string): Promise<StoredTenant | null> {
  const row = await database.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : tenantOf(row);
}

function unknownTenant(): GatewayError {
  return new GatewayError('not_found', 'No tenant has this id.');
}
