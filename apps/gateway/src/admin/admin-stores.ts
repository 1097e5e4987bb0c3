import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import { isConnectionFault } from '@switchyard/database';
import type { Caller, CredentialStore, KeyStore } from '@switchyard/identity';
import type { Ledger } from '@switchyard/metering';
import { OPS_PARTS } from './ops-parts.js';
import type { OpsParts } from './ops-parts.js';

const RETRY_AFTER_S = 5;

/** What a change did, for the log. */
interface Change {
  readonly by: Caller;
  /** `key created`, `tenant deleted`. */
  readonly what: string;
  /** Id of what was changed, from what the change answered. */
  readonly id: string;
}

/**
 * The database, as the admin API uses it. While it is away every use rejects with `GatewayError(temporarily_unavailable)`.
 */
@Injectable()
export class AdminStores {
  constructor(@Inject(OPS_PARTS) private readonly parts: OpsParts) {}

  identity<T>(use: (store: KeyStore) => Promise<T>): Promise<T> {
    return available(this.parts.identity(), use);
  }

  /** Makes a change, writes down who made it, and resolves once the gateway serves by it. */
  async change<T>(use: (store: KeyStore) => Promise<T>, describe: (result: T) => Change): Promise<T> {
    return this.made(await this.identity(use), describe);
  }

  credentials<T>(use: (store: CredentialStore) => Promise<T>): Promise<T> {
    return available(this.parts.credentials(), use);
  }

  /** Like `change`. */
  async changeCredential<T>(use: (store: CredentialStore) => Promise<T>, describe: (result: T) => Change): Promise<T> {
    return this.made(await this.credentials(use), describe);
  }

  private async made<T>(result: T, describe: (result: T) => Change): Promise<T> {
    const { log } = this.parts;
    const { by, what, id } = describe(result);
    log.logger.info({ admin_key_id: by.keyId, id }, what);
    try {
      await this.parts.identityChanged();
    } catch (error) {
      log.logger.error(
        { err: error },
        'a change of keys, tenants or credentials is stored, and will be served by a little later',
      );
    }
    return result;
  }

  ledger<T>(use: (ledger: Ledger) => Promise<T>): Promise<T> {
    return available(this.parts.ledger(), use);
  }

  /** Brings the ledger up to date as far as that goes; what cannot be had now is missing from the answer, not its end. */
  async catchUp(): Promise<void> {
    await this.parts.flush().catch(() => undefined);
  }
}

async function available<S, T>(store: S | null, use: (store: S) => Promise<T>): Promise<T> {
  if (store === null) throw away();
  try {
    return await use(store);
  } catch (error) {
    throw isConnectionFault(error) ? away() : error;
  }
}

function away(): GatewayError {
  return new GatewayError('temporarily_unavailable', 'The database is not available at the moment. Please retry.', {
    retryAfterS: RETRY_AFTER_S,
  });
}
