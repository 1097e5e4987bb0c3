import { randomBytes } from 'node:crypto';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Database, Schema } from '@switchyard/database';
import type { Kysely } from 'kysely';
import type { CompatFlag, Permission } from './caller.js';
import { credentialsIn } from './credential-store.js';
import { changeIdentity } from './identity-change.js';
import type { IdentitySource } from './key-directory.js';
import { digestOf } from './key-digest.js';
import { hintOf, newKeyId, newKeySecret } from './key-secret.js';
import type { RandomSource } from './key-secret.js';
import type { StoredIdentity, StoredKey } from './stored-identity.js';
import { keyOf, rowOf, tenantOf } from './stored-rows.js';
import { TenantStore } from './tenant-store.js';

/** What a key may be changed to; absent = as it is. */
export interface KeyChange {
  readonly label?: string;
  readonly policy?: JsonObject | null;
  readonly limits?: JsonObject | null;
  readonly permissions?: readonly Permission[];
  /** Unix milliseconds; `null` = never. */
  readonly expiresAtMs?: number | null;
}

export interface NewKey {
  /** `null` = one is made. */
  readonly id: string | null;
  readonly tenant: string;
  /** `null` = the id. */
  readonly label: string | null;
  readonly permissions: readonly Permission[];
  readonly policy: JsonObject | null;
  readonly limits: JsonObject | null;
  readonly compat: readonly CompatFlag[];
  readonly expiresAtMs: number | null;
}

/** A key with its secret, which is kept nowhere and cannot be had again. */
export interface IssuedKey {
  readonly key: StoredKey;
  readonly secret: string;
}

export interface KeyPage {
  /** Only keys of this tenant. */
  readonly tenant?: string;
  /** Only ids after this one, in byte order. */
  readonly afterId?: string;
  readonly limit: number;
}

export interface KeyStoreOptions {
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly random?: RandomSource;
}

/**
 * Keys and tenants in the database. A key that was revoked stays, so that its id is never given to another. Methods
 * reject with `GatewayError(not_found)` for an id that nobody has, `GatewayError(conflict)` for a change that the
 * present state forbids, and with the database's own error when it is away; see `isConnectionFault`.
 */
export class KeyStore implements IdentitySource {
  readonly tenants: TenantStore;
  private readonly now: () => number;
  private readonly random: RandomSource;

  constructor(
    private readonly database: Database,
    private readonly pepper: Buffer,
    { now = Date.now, random = randomBytes }: KeyStoreOptions = {},
  ) {
    this.now = now;
    this.random = random;
    this.tenants = new TenantStore(database, now);
  }

  /**
   * Makes a key with a new secret. `isKnownTenant` answers for tenants that are not in the database. Rejects with
   * `GatewayError(conflict)` when the id is taken, `GatewayError(invalid_request)` when nobody knows the tenant.
   */
  create(input: NewKey, isKnownTenant: (id: string) => boolean): Promise<IssuedKey> {
    const { secret, ...kept } = this.newSecret();
    const nowMs = this.now();
    const id = input.id ?? newKeyId(this.random);
    const key: StoredKey = {
      ...input,
      ...kept,
      id,
      label: input.label ?? id,
      previousDigest: null,
      previousExpiresAtMs: null,
      revokedAtMs: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    return changeIdentity(this.database, async (transaction) => {
      if (!isKnownTenant(input.tenant) && !(await this.tenants.isIn(transaction, input.tenant))) {
        throw new GatewayError('invalid_request', 'No tenant has this id.', { param: 'tenant' });
      }
      if ((await findIn(transaction, id)) !== null) throw takenId(id);
      await transaction.insertInto('api_keys').values(rowOf(key)).execute();
      return { key, secret };
    });
  }

  /** Revoked keys too; `null` = nobody has the id. */
  find(id: string): Promise<StoredKey | null> {
    return findIn(this.database.kysely, id);
  }

  /** Keys by ascending id, revoked ones too. */
  async list({ tenant, afterId, limit }: KeyPage): Promise<readonly StoredKey[]> {
    let query = this.database.kysely.selectFrom('api_keys').selectAll().orderBy('id').limit(limit);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    if (afterId !== undefined) query = query.where('id', '>', afterId);
    return (await query.execute()).map(keyOf);
  }

  update(id: string, change: KeyChange): Promise<StoredKey> {
    return this.replace(id, (key) => ({ ...inForce(key), ...change }));
  }

  /** Gives the key a new secret. The old one is taken for `graceMs` more; one from a rotation before is not. */
  async rotate(id: string, graceMs: number): Promise<IssuedKey> {
    const { secret, ...kept } = this.newSecret();
    const key = await this.replace(id, (old) => ({
      ...inForce(old),
      ...kept,
      previousDigest: graceMs > 0 ? old.digest : null,
      previousExpiresAtMs: graceMs > 0 ? this.now() + graceMs : null,
    }));
    return { key, secret };
  }

  /** Ends the key for good. Ending it again changes nothing. */
  revoke(id: string): Promise<StoredKey> {
    return this.replace(id, (key) =>
      key.revokedAtMs === null
        ? { ...key, previousDigest: null, previousExpiresAtMs: null, revokedAtMs: this.now() }
        : key,
    );
  }

  async version(): Promise<number> {
    const { version } = await this.database.kysely
      .selectFrom('identity_version')
      .select('version')
      .executeTakeFirstOrThrow();
    return version;
  }

  /** Everybody who may call, and what providers are called with, of one moment. */
  all(): Promise<StoredIdentity> {
    return this.database.kysely
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (transaction) => {
        const { version } = await transaction
          .selectFrom('identity_version')
          .select('version')
          .executeTakeFirstOrThrow();
        const tenants = await transaction.selectFrom('tenants').selectAll().orderBy('id').execute();
        const keys = await transaction
          .selectFrom('api_keys')
          .selectAll()
          .where('revoked_at', 'is', null)
          .orderBy('id')
          .execute();
        const credentials = await credentialsIn(transaction);
        return { version, tenants: tenants.map(tenantOf), keys: keys.map(keyOf), credentials };
      });
  }

  private newSecret(): { readonly secret: string; readonly digest: string; readonly hint: string } {
    const secret = newKeySecret(this.random);
    return { secret, digest: digestOf(secret, this.pepper), hint: hintOf(secret) };
  }

  private replace(id: string, next: (key: StoredKey) => StoredKey): Promise<StoredKey> {
    return changeIdentity(this.database, async (transaction) => {
      const old = await findIn(transaction, id);
      if (old === null) throw new GatewayError('not_found', 'No key has this id.');
      const changed = next(old);
      if (changed === old) return old;
      const key = { ...changed, updatedAtMs: this.now() };
      await transaction.updateTable('api_keys').set(rowOf(key)).where('id', '=', id).execute();
      return key;
    });
  }
}

async function findIn(database: Kysely<Schema>, id: string): Promise<StoredKey | null> {
  const row = await database.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : keyOf(row);
}

function inForce(key: StoredKey): StoredKey {
  if (key.revokedAtMs === null) return key;
  throw new GatewayError('conflict', `The key "${key.id}" was revoked and cannot be changed any more.`);
}

function takenId(id: string): GatewayError {
  return new GatewayError('conflict', `Another key has the id "${id}", or had it before it was revoked.`, {
    param: 'id',
  });
}
