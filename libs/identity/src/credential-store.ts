import { randomBytes } from 'node:crypto';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Database, Schema } from '@switchyard/database';
import type { Kysely } from 'kysely';
import type { CredentialVault } from './credential-vault.js';
import { changeIdentity } from './identity-change.js';
import type { StoredCredential } from './stored-identity.js';
import { credentialOf, credentialRowOf } from './stored-rows.js';

const ROW_ID_BYTES = 16;

export interface NewCredential {
  readonly provider: string;
  readonly id: string;
  readonly secret: string;
  /** `null` = 1. */
  readonly weight: number | null;
  /** In the form of the configuration file; `null` = none known. */
  readonly limits: JsonObject | null;
}

/** What a credential may be changed to; absent = as it is. */
export interface CredentialChange {
  readonly secret?: string;
  readonly weight?: number | null;
  readonly limits?: JsonObject | null;
}

/**
 * Providers' credentials in the database: they go in and are never read out again but by who signs in with them. Methods
 * reject with `GatewayError(not_found)` and `GatewayError(conflict)`, and with the database's own error while it is away.
 */
export class CredentialStore {
  /** `now` answers Unix milliseconds. */
  constructor(
    private readonly database: Database,
    private readonly vault: CredentialVault,
    private readonly now: () => number = Date.now,
  ) {}

  create({ secret, ...fields }: NewCredential): Promise<StoredCredential> {
    const nowMs = this.now();
    const place = { rowId: randomBytes(ROW_ID_BYTES).toString('hex'), provider: fields.provider };
    const credential: StoredCredential = {
      ...fields,
      ...place,
      ...this.sealed(secret, place),
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    return changeIdentity(this.database, async (transaction) => {
      if ((await findIn(transaction, fields.provider, fields.id)) !== null) throw takenId(fields.id);
      await transaction.insertInto('provider_credentials').values(credentialRowOf(credential)).execute();
      return credential;
    });
  }

  /** By provider and id. */
  list(): Promise<readonly StoredCredential[]> {
    return credentialsIn(this.database.kysely);
  }

  update(provider: string, id: string, { secret, ...change }: CredentialChange): Promise<StoredCredential> {
    return changeIdentity(this.database, async (transaction) => {
      const old = await findIn(transaction, provider, id);
      if (old === null) throw unknown();
      const fresh = secret === undefined ? {} : this.sealed(secret, old);
      const credential = { ...old, ...change, ...fresh, updatedAtMs: this.now() };
      await transaction
        .updateTable('provider_credentials')
        .set(credentialRowOf(credential))
        .where('row_id', '=', old.rowId)
        .execute();
      return credential;
    });
  }

  delete(provider: string, id: string): Promise<StoredCredential> {
    return changeIdentity(this.database, async (transaction) => {
      const old = await findIn(transaction, provider, id);
      if (old === null) throw unknown();
      await transaction.deleteFrom('provider_credentials').where('row_id', '=', old.rowId).execute();
      return old;
    });
  }

  private sealed(
    secret: string,
    place: Pick<StoredCredential, 'rowId' | 'provider'>,
  ): Pick<StoredCredential, 'sealed' | 'digestPrefix'> {
    return { sealed: this.vault.seal(secret, place), digestPrefix: this.vault.digestPrefixOf(secret) };
  }
}

/** All of them, by provider and id. */
export async function credentialsIn(database: Kysely<Schema>): Promise<readonly StoredCredential[]> {
  const rows = await database
    .selectFrom('provider_credentials')
    .selectAll()
    .orderBy('provider')
    .orderBy('id')
    .execute();
  return rows.map(credentialOf);
}

async function findIn(database: Kysely<Schema>, provider: string, id: string): Promise<StoredCredential | null> {
  const row = await database
    .selectFrom('provider_credentials')
    .selectAll()
    .where('provider', '=', provider)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? null : credentialOf(row);
}

function unknown(): GatewayError {
  return new GatewayError('not_found', 'No stored credential of this provider has this id.');
}

function takenId(id: string): GatewayError {
  return new GatewayError('conflict', `Another credential of this provider has the id "${id}".`, { param: 'id' });
}
