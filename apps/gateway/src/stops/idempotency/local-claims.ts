import { LEASE_MS } from './claim-store.js';
import type { ClaimAnswer, ClaimAsk, ClaimStore } from './claim-store.js';

/** An ended claim costs about this much beside its answer. */
const SLOT_BYTES = 512;

interface Slot {
  readonly fingerprint: string;
  readonly owner: string;
  readonly state: 'running' | 'kept' | 'not_kept';
  readonly sealed: Buffer | null;
  readonly expiresAtMs: number;
}

/**
 * Claims of one process. Beyond `maxBytes` the answers used least recently are forgotten first, and of their requests
 * only that they were answered is known; beyond a quarter of that in such slots, the oldest of these too.
 */
export class LocalClaims implements ClaimStore {
  /** Running claims, which are bounded by the requests that run. */
  private readonly running = new Map<string, Slot>();
  /** Answers, the one used least recently first. */
  private readonly kept = new Map<string, Slot>();
  /** Answered without an answer, the oldest first. */
  private readonly empty = new Map<string, Slot>();
  private keptBytes = 0;

  /** `now` answers monotonic milliseconds. */
  constructor(
    private readonly maxBytes: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Bytes that the answers take. */
  get bytes(): number {
    return this.keptBytes;
  }

  claim(ask: ClaimAsk): Promise<ClaimAnswer> {
    return Promise.resolve(this.decide(ask));
  }

  renew({ slot, owner }: ClaimAsk): Promise<void> {
    const found = this.running.get(slot);
    if (found?.owner === owner) this.running.set(slot, { ...found, expiresAtMs: this.now() + LEASE_MS });
    return Promise.resolve();
  }

  keep(ask: ClaimAsk, sealed: Buffer | null, keepMs: number): Promise<void> {
    const { slot, fingerprint, owner } = ask;
    const found = this.find(slot);
    if (found !== null && found.owner !== owner) return Promise.resolve();
    this.forget(slot);
    const expiresAtMs = this.now() + keepMs;
    if (sealed === null) this.empty.set(slot, { fingerprint, owner, state: 'not_kept', sealed, expiresAtMs });
    else {
      this.kept.set(slot, { fingerprint, owner, state: 'kept', sealed, expiresAtMs });
      this.keptBytes += sizeOf(sealed);
    }
    this.makeRoom();
    return Promise.resolve();
  }

  release({ slot, owner }: ClaimAsk): Promise<void> {
    if (this.running.get(slot)?.owner === owner) this.running.delete(slot);
    return Promise.resolve();
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.running.clear();
    this.kept.clear();
    this.empty.clear();
    this.keptBytes = 0;
  }

  private decide({ slot, fingerprint, owner }: ClaimAsk): ClaimAnswer {
    const found = this.find(slot);
    if (found === null) {
      const expiresAtMs = this.now() + LEASE_MS;
      this.running.set(slot, { fingerprint, owner, state: 'running', sealed: null, expiresAtMs });
      return { outcome: 'claimed' };
    }
    if (found.fingerprint !== fingerprint) return { outcome: 'mismatch' };
    if (found.state === 'running') return { outcome: found.owner === owner ? 'claimed' : 'running' };
    if (found.sealed === null) return { outcome: 'not_kept', owner: found.owner };
    // The end of a map is what was used last.
    this.kept.delete(slot);
    this.kept.set(slot, found);
    return { outcome: 'kept', owner: found.owner, sealed: found.sealed };
  }

  private find(slot: string): Slot | null {
    const found = this.running.get(slot) ?? this.kept.get(slot) ?? this.empty.get(slot);
    if (found === undefined) return null;
    if (found.expiresAtMs > this.now()) return found;
    this.forget(slot);
    return null;
  }

  private forget(slot: string): void {
    this.running.delete(slot);
    this.empty.delete(slot);
    const sealed = this.kept.get(slot)?.sealed ?? null;
    if (sealed === null) return;
    this.kept.delete(slot);
    this.keptBytes -= sizeOf(sealed);
  }

  private makeRoom(): void {
    for (const [slot, answer] of this.kept) {
      if (this.keptBytes <= this.maxBytes) break;
      this.forget(slot);
      if (answer.expiresAtMs > this.now()) this.empty.set(slot, { ...answer, state: 'not_kept', sealed: null });
    }
    const emptyMax = this.maxBytes / 4 / SLOT_BYTES;
    for (const slot of this.empty.keys()) {
      if (this.empty.size <= emptyMax) break;
      this.empty.delete(slot);
    }
  }
}

function sizeOf(sealed: Buffer): number {
  return sealed.length + SLOT_BYTES;
}
