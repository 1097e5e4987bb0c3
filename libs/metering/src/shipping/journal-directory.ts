import { rename, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { OWNER_FILE, readOwner } from '../journal/owner.js';
import { lifeOf } from '../journal/process-identity.js';
import type { ProcessIdentity } from '../journal/process-identity.js';
import { holdsJournalFilesOnly } from './segments-in.js';

/** Separates a journal's name from whoever recovers it: `worker-1~4711.88123.1f0c….9a3e`. */
const CLAIM_MARK = '~';
/** An owner that cannot be asked is dead when it has shown no life for so long: three of its heartbeats. */
const SILENT_MS = 15_000;

/**
 * Who recovers a journal, in the name of its directory: renaming is the one step of which exactly one of several
 * processes succeeds, also when they take over from one that died.
 */
export function claimToken({ pid, startTime, machine }: ProcessIdentity, nonce: string): string {
  return [pid, startTime ?? '', machine, nonce].join('.');
}

function claimerOf(token: string): ProcessIdentity {
  const [pid = '', startTime = '', machine = ''] = token.split('.');
  return { pid: Number(pid), startTime: startTime === '' ? null : startTime, machine };
}

/** The directory of one journal: whose it is, whether that process lives, and the claim on it when it does not. */
export class JournalDirectory {
  /** Modification time of its heartbeat when last seen to change, and when that was. */
  private heartbeat = { mtimeMs: -1, seenAtMs: 0 };

  /** `nowMs` is monotonic, so that clocks of other machines and steps of this one's do not matter. */
  constructor(
    private readonly root: string,
    private currentName: string,
    private readonly token: string,
    private readonly nowMs: () => number,
  ) {}

  get name(): string {
    return this.currentName;
  }

  get path(): string {
    return join(this.root, this.name);
  }

  /** The journal's own name, without a claim. */
  get journal(): string {
    return this.name.split(CLAIM_MARK, 1).join('');
  }

  get isMine(): boolean {
    return this.claim === this.token;
  }

  /** Being recovered by a process, this one or another. */
  get isClaimed(): boolean {
    return this.claim !== null;
  }

  /** True when neither the process that wrote it nor one that recovers it is there any more. */
  async isAbandoned(): Promise<boolean> {
    const holder = this.claim === null ? readOwner(this.path) : claimerOf(this.claim);
    const life = holder === null ? 'unknown' : lifeOf(holder);
    if (life !== 'unknown') return life === 'dead';
    if (holder === null && !(await holdsJournalFilesOnly(this.path))) return false;
    return (await this.silentMs()) >= SILENT_MS;
  }

  /** Takes it for this process. False: another one was first. */
  async claimIt(): Promise<boolean> {
    return this.renameTo(`${this.journal}${CLAIM_MARK}${this.token}`);
  }

  /** Gives it back, for the next one to claim. */
  async release(): Promise<void> {
    await this.renameTo(this.journal);
  }

  /** Tells processes on other machines that the recovery goes on. */
  async showLife(): Promise<void> {
    const now = new Date();
    await utimes(this.path, now, now);
  }

  private get claim(): string | null {
    const at = this.name.indexOf(CLAIM_MARK);
    return at === -1 ? null : this.name.slice(at + 1);
  }

  private async renameTo(name: string): Promise<boolean> {
    try {
      await rename(this.path, join(this.root, name));
      this.currentName = name;
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  private async silentMs(): Promise<number> {
    const mtimeMs = Math.max(await mtimeOf(this.path), await mtimeOf(join(this.path, OWNER_FILE)));
    const nowMs = this.nowMs();
    if (mtimeMs !== this.heartbeat.mtimeMs) this.heartbeat = { mtimeMs, seenAtMs: nowMs };
    return nowMs - this.heartbeat.seenAtMs;
  }
}

/** 0 for what is not there. */
async function mtimeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
