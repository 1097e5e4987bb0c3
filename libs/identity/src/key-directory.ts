import type { IdentitySnapshot, SnapshotFault } from './identity-snapshot.js';
import type { StoredIdentity } from './stored-identity.js';

const POLL_MS = 1_000;
/** A snapshot says how old it is; this often it is told that nothing has changed. */
const SNAPSHOT_RENEWAL_MS = 10 * 60 * 1_000;

/** Where the directory reads; `KeyStore` is one. Both reject while the database is away. */
export interface IdentitySource {
  /** Differs from the last answer when anything was changed. */
  version(): Promise<number>;
  all(): Promise<StoredIdentity>;
}

/** What an operator should hear of, once per change of state. */
export type IdentityEvent =
  /** What was read last stays in force. */
  | { readonly type: 'database-away'; readonly error: unknown }
  | { readonly type: 'database-back' }
  /** The database was away at the start; its callers are known from the last run. */
  | { readonly type: 'snapshot-used'; readonly ageMs: number }
  | { readonly type: 'snapshot-ignored'; readonly fault: SnapshotFault }
  | { readonly type: 'snapshot-not-written'; readonly error: unknown };

export interface KeyDirectoryOptions {
  readonly source: IdentitySource;
  readonly snapshot: IdentitySnapshot;
  /** Called with every new state, and once more when `isComplete` becomes true. */
  readonly onChange: (stored: StoredIdentity) => void;
  readonly onEvent: (event: IdentityEvent) => void;
  readonly pollMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/**
 * Follows the callers in the database: asks for their version every second and reads them when it changed. While the
 * database is away what was read last stays in force.
 */
export class KeyDirectory {
  private stored: StoredIdentity | null = null;
  private wasRead = false;
  private isAway = false;
  private snapshotAtMs = -Infinity;
  private reading: Promise<void> | null = null;
  private following: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;

  constructor(private readonly options: KeyDirectoryOptions) {}

  /** The last state read, from the database or a snapshot; `null` = none yet. */
  get current(): StoredIdentity | null {
    return this.stored;
  }

  /** True once the database was read: from then on a key that is not in `current` does not exist. */
  get isComplete(): boolean {
    return this.wasRead;
  }

  /** Reads for the first time, from the snapshot when the database is away, and follows from then on. Never rejects. */
  async start(): Promise<void> {
    await this.refresh();
    if (!this.wasRead) await this.readSnapshot();
    this.schedule();
  }

  /** Asks at once, as after a change. Resolves after a look that began no earlier than the call. Never rejects. */
  refresh(): Promise<void> {
    if (this.reading === null) return this.begin();
    this.following ??= this.reading.then(() => {
      this.following = null;
      return this.begin();
    });
    return this.following;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.following;
    await this.reading;
  }

  private schedule(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      void this.refresh().then(() => {
        this.schedule();
      });
    }, this.options.pollMs ?? POLL_MS).unref();
  }

  private begin(): Promise<void> {
    this.reading = this.look().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async look(): Promise<void> {
    const { source, onChange, onEvent } = this.options;
    let changed: StoredIdentity | null;
    try {
      const isSame = this.wasRead && this.stored !== null && (await source.version()) === this.stored.version;
      changed = isSame ? null : await source.all();
    } catch (error) {
      if (!this.isAway) onEvent({ type: 'database-away', error });
      this.isAway = true;
      return;
    }
    if (this.isAway) onEvent({ type: 'database-back' });
    this.isAway = false;
    this.wasRead = true;
    if (changed !== null) {
      this.stored = changed;
      onChange(changed);
    }
    await this.keepSnapshot(changed !== null);
  }

  private async keepSnapshot(isChanged: boolean): Promise<void> {
    const nowMs = (this.options.now ?? (() => performance.now()))();
    if (this.stored === null || (!isChanged && nowMs - this.snapshotAtMs < SNAPSHOT_RENEWAL_MS)) return;
    this.snapshotAtMs = nowMs;
    try {
      await this.options.snapshot.write(this.stored);
    } catch (error) {
      this.options.onEvent({ type: 'snapshot-not-written', error });
    }
  }

  private async readSnapshot(): Promise<void> {
    const { snapshot, onChange, onEvent } = this.options;
    const read = await snapshot.read();
    if (read.stored === null) {
      if (read.fault !== 'missing') onEvent({ type: 'snapshot-ignored', fault: read.fault });
      return;
    }
    this.stored = read.stored;
    onEvent({ type: 'snapshot-used', ageMs: read.ageMs });
    onChange(read.stored);
  }
}
