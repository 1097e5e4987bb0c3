import { mkdirSync } from 'node:fs';
import { GatewayError, totalInput, totalOutput } from '@switchyard/contract';
import { isConnectionFault } from '@switchyard/database';
import { CredentialStore, CredentialVault, IdentitySnapshot, KeyDirectory, KeyStore } from '@switchyard/identity';
import type { IdentityEvent } from '@switchyard/identity';
import type { Actual, Held } from '@switchyard/limits';
import { Ledger, Shipper } from '@switchyard/metering';
import type { ShipperEvent, ShipperStatus, UsageRecord } from '@switchyard/metering';
import { lastRuns } from '../../../worker/src/index.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { LedgerReader, OwnerSpend, SpendOwner } from '../control/ledger-reader.js';
import type { KnownIdentity } from '../control/runtime-state.js';
import { cataloguePrices } from './catalogue-prices.js';
import { DatabaseLink } from './database-link.js';
import { IdentityBroadcast } from './identity-broadcast.js';
import { identityFile, journalRoot, ledgerFile } from './data-files.js';
import type { ProcessLog } from './process-log.js';

export interface BookkeepingListener {
  /** Callers of the database changed. */
  onIdentity(identity: KnownIdentity): void;
  /** A process died with this request running. */
  onOrphan(): void;
  /** What a process that is gone used, and may not have settled itself. */
  onUnsettled(held: Held, actual: Actual): void;
}

/** How the books stand. */
export interface BookFigures {
  readonly shipping: ShipperStatus;
  /** Records that the ledger refused; `null`, here and below, = not known while it is away. */
  readonly deadRecords: number | null;
  /** Sums that differed from their records when last compared, wherever maintenance ran. */
  readonly rollupDriftRows: number | null;
  /** Spend that the limits had lost when last compared. */
  readonly budgetDriftNanoUsd: number | null;
}

/**
 * What one process per data directory does for all: ships the journals into the ledger, follows the callers of the
 * database, answers questions about both. Requests never wait for it.
 */
export class Bookkeeping implements LedgerReader {
  readonly shipper: Shipper;
  readonly ledger: Ledger;
  readonly keys: KeyStore;
  private readonly link: DatabaseLink;
  private readonly directory: KeyDirectory;
  private readonly broadcast: IdentityBroadcast | null;
  private pricesOf: string | null = null;

  constructor(
    private config: GatewayConfig,
    private readonly log: ProcessLog,
    private readonly listener: BookkeepingListener,
  ) {
    const { dataDir, database, redis, security } = config;
    mkdirSync(journalRoot(dataDir), { recursive: true, mode: 0o700 });
    this.link = new DatabaseLink({ url: database?.url ?? null, file: ledgerFile(dataDir) }, log.logger, () =>
      this.databaseReady(),
    );
    this.ledger = new Ledger(this.link.database);
    this.keys = new KeyStore(this.link.database, security.pepper);
    this.directory = new KeyDirectory({
      source: {
        version: () => this.whenReady(() => this.keys.version()),
        all: () => this.whenReady(() => this.keys.all()),
      },
      snapshot: new IdentitySnapshot(identityFile(dataDir), security.pepper),
      onChange: () => {
        this.listener.onIdentity(this.identity);
      },
      onEvent: (event) => {
        this.logIdentity(event);
      },
    });
    this.broadcast =
      redis === null
        ? null
        : new IdentityBroadcast(redis.url, log.logger, () => {
            void this.directory.refresh();
          });
    this.shipper = new Shipper({
      root: journalRoot(dataDir),
      ledger: {
        insert: (records) => this.whenReady(() => this.ledger.insert(records)),
        setAside: (record, reason) => this.whenReady(() => this.ledger.setAside(record, reason)),
      },
      isAway: (error) => isNotReady(error) || isConnectionFault(error),
      onOrphan: (record) => {
        this.listener.onOrphan();
        this.settle(record);
      },
      onFinished: (record) => {
        this.settle(record);
      },
      onEvent: (event) => {
        this.logShipping(event);
      },
    });
  }

  /** Resolves once the database was tried. Throws when it can never be used, as with the schema of a newer version. */
  async start(): Promise<void> {
    await this.link.start();
    await this.directory.start();
    this.broadcast?.start();
    this.shipper.start();
  }

  async stop(): Promise<void> {
    this.broadcast?.stop();
    await this.shipper.stop();
    await this.directory.stop();
    await this.link.stop();
  }

  /** Seals under the encryption key in force. */
  get credentials(): CredentialStore {
    return new CredentialStore(this.link.database, new CredentialVault(this.config.security.encryptionKey));
  }

  get isDatabaseReady(): boolean {
    return this.link.isReady;
  }

  get database(): DatabaseLink['database'] {
    return this.link.database;
  }

  get identity(): KnownIdentity {
    return { stored: this.directory.current, isComplete: this.directory.isComplete };
  }

  /** The catalogue in force changed. */
  configure(config: GatewayConfig): void {
    this.config = config;
    if (this.link.isReady) void this.recordPrices();
  }

  /** A key or tenant was changed here: this replica and the others look at once. */
  async identityChanged(): Promise<void> {
    this.broadcast?.publish();
    await this.directory.refresh();
  }

  /** Everything journalled so far is in the ledger when this resolves. Rejects while the ledger is away. */
  flush(): Promise<void> {
    return this.shipper.flush();
  }

  async figures(): Promise<BookFigures> {
    const shipping = this.shipper.status;
    try {
      const { dead } = await this.reading(() => this.ledger.counts());
      const runs = await this.reading(() => lastRuns(this.link.database));
      return {
        shipping,
        deadRecords: dead,
        rollupDriftRows: runs.get('rollups')?.report['drift_rows'] ?? 0,
        budgetDriftNanoUsd: runs.get('reconcile')?.report['drift_nano_usd'] ?? 0,
      };
    } catch {
      return { shipping, deadRecords: null, rollupDriftRows: null, budgetDriftNanoUsd: null };
    }
  }

  async find(id: string, tenant: string): Promise<UsageRecord | null> {
    return this.reading(async () => {
      const found = await this.ledger.find(id, tenant);
      if (found !== null) return found;
      await this.flush();
      return this.ledger.find(id, tenant);
    });
  }

  async spend(owners: readonly SpendOwner[]): Promise<readonly OwnerSpend[]> {
    return this.reading(async () => {
      await this.flush();
      return this.ledger.spend(owners, Date.now());
    });
  }

  private async reading<Value>(read: () => Promise<Value>): Promise<Value> {
    if (!this.link.isReady) throw databaseAway();
    try {
      return await read();
    } catch (error) {
      if (isConnectionFault(error)) throw databaseAway();
      throw error;
    }
  }

  private async databaseReady(): Promise<void> {
    await this.recordPrices();
    await this.directory.refresh();
  }

  private async recordPrices(): Promise<void> {
    const { catalog } = this.config;
    if (this.pricesOf === catalog.version) return;
    try {
      await this.ledger.recordPrices(catalog.version, cataloguePrices(catalog));
      this.pricesOf = catalog.version;
    } catch (error) {
      this.log.logger.error({ err: error }, 'the prices of the catalogue could not be recorded');
    }
  }

  private settle({ id, tenant, usage, costNanoUsd }: UsageRecord): void {
    const actual = { inputTokens: totalInput(usage), outputTokens: totalOutput(usage), costNanoUsd };
    this.listener.onUnsettled({ id, group: tenant }, actual);
  }

  /** Nothing is asked of a database whose schema may not be there yet. */
  private whenReady<Value>(ask: () => Promise<Value>): Promise<Value> {
    return this.link.isReady ? ask() : Promise.reject(databaseAway());
  }

  private logIdentity(event: IdentityEvent): void {
    const { type, ...details } = event;
    const fields = 'error' in details ? { err: details.error } : details;
    if (type === 'database-back') this.log.logger.info('keys are read from the database again');
    else this.log.logger.warn({ event: type, ...fields }, 'keys of the database');
  }

  private logShipping(event: ShipperEvent): void {
    const { logger } = this.log;
    switch (event.type) {
      case 'recovered':
        // A process that ended in order leaves nothing open.
        if (event.orphans === 0) logger.debug({ journal: event.journal }, 'journal shipped');
        else logger.warn({ journal: event.journal, orphans: event.orphans }, 'a process died with requests running');
        return;
      case 'ledger_away':
        logger.error({ err: event.error }, 'the ledger is away: records wait in the journal');
        return;
      case 'ledger_back':
        logger.info({ away_ms: Math.round(event.awayMs) }, 'the ledger is back');
        return;
      case 'set_aside':
        logger.error({ id: event.id, reason: event.reason }, 'a record was set aside: the ledger refused it');
        return;
      case 'damaged': {
        const { journal, segment, bytes } = event;
        logger.error({ journal, segment, bytes }, 'part of a journal cannot be read and is kept in journal-damaged');
        return;
      }
      case 'fault':
        logger.error({ err: event.error }, 'journals cannot be shipped');
    }
  }
}

function databaseAway(): GatewayError {
  return new GatewayError('temporarily_unavailable', 'The database is away at the moment. Please retry.', {
    retryAfterS: 5,
  });
}

function isNotReady(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'temporarily_unavailable';
}
