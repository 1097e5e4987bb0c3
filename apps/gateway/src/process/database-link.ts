import { Database, isConnectionFault } from '@switchyard/database';
import type { Logger } from '@switchyard/telemetry';

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 5_000;

export interface DatabaseLinkOptions {
  /** `null` = the file. */
  readonly url: string | null;
  readonly file: string;
}

/** The deployment's database with its schema up to date. Away at the start, it is tried again until it is there; inference does not wait for it. */
export class DatabaseLink {
  readonly database: Database;
  private ready = false;
  private isStopped = false;
  private timer: NodeJS.Timeout | null = null;

  /** `onReady` is called once, when the schema is there. */
  constructor(
    options: DatabaseLinkOptions,
    private readonly logger: Logger,
    private readonly onReady: () => Promise<void>,
  ) {
    this.database = Database.open(options);
  }

  get isReady(): boolean {
    return this.ready;
  }

  /** One try; more follow on their own while the database is away. Throws when it can never work, as with a newer schema. */
  async start(): Promise<void> {
    if (await this.tryOnce()) return;
    this.logger.warn(
      'the database is away: usage waits in the journal, keys of the database come from the last snapshot',
    );
    this.retry(RETRY_FIRST_MS);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.database.close();
  }

  private async tryOnce(): Promise<boolean> {
    try {
      await this.database.migrate();
    } catch (error) {
      if (!isConnectionFault(error)) throw error;
      return false;
    }
    this.ready = true;
    await this.onReady();
    return true;
  }

  private retry(waitMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.tryOnce().then(
        (done) => {
          if (done) this.logger.info('the database is there');
          else this.retry(Math.min(RETRY_MAX_MS, waitMs * 2));
        },
        (error: unknown) => {
          this.logger.error({ err: error }, 'the database cannot be used');
          this.retry(RETRY_MAX_MS);
        },
      );
    }, waitMs).unref();
  }
}
