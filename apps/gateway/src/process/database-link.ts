import { setTimeout as pause } from 'node:timers/promises';
import { Database, isConnectionFault } from '@switchyard/database';
import type { Logger } from '@switchyard/telemetry';

const RETRY_FIRST_MS = 200;
/** Soon there again once the database is: nothing else is asked of it meanwhile. */
const RETRY_MAX_MS = 1_000;
/** How long a start waits for a database that neither answers nor refuses. */
const START_MAX_MS = 3_000;

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

  /** One try, which is waited for so long at most; more follow on their own while the database is away. Throws when it can never work, as with a newer schema. */
  async start(): Promise<void> {
    const tried = this.tryOnce();
    const isThere = await Promise.race([tried, pause(START_MAX_MS, null, { ref: false })]);
    if (isThere === true) return;
    this.logger.warn(
      'the database is away: usage waits in the journal, keys of the database come from the last snapshot',
    );
    if (isThere === null) this.follow(tried, RETRY_FIRST_MS);
    else this.retry(RETRY_FIRST_MS);
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
      this.follow(this.tryOnce(), waitMs);
    }, waitMs).unref();
  }

  private follow(tried: Promise<boolean>, waitedMs: number): void {
    tried.then(
      (isThere) => {
        if (isThere) this.logger.info('the database is there');
        else this.retry(Math.min(RETRY_MAX_MS, waitedMs * 2));
      },
      (error: unknown) => {
        if (this.isStopped) return;
        this.logger.error({ err: error }, 'the database cannot be used');
        this.retry(RETRY_MAX_MS);
      },
    );
  }
}
