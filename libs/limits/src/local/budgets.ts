import { LEASE_MS } from '../lifetimes.js';
import { windowEndMs, windowOf } from '../windows.js';
import type { WindowKind } from '../windows.js';
import { IdleSweep } from './idle-sweep.js';

/** Money of one window, nano-USD. */
export interface Budget {
  readonly kind: WindowKind;
  readonly window: number;
  /** Settled spend and what running requests hold. */
  charged: number;
  held: number;
  /** What the ledger last said, and when it was told. */
  told: { readonly nanoUsd: number; readonly atMs: number } | null;
}

/** Budgets start anew with every window, by the clock that each call is given. */
export class Budgets {
  private readonly budgets = new Map<string, Budget>();
  private readonly sweep = new IdleSweep(this.budgets, ({ kind, window }, nowMs) => window < windowOf(kind, nowMs));

  /** A view of the current window; kept only by `keep`. A clock that was set back stays in the later window. */
  current(key: string, kind: WindowKind, nowMs: number): Budget {
    const window = windowOf(kind, nowMs);
    const known = this.budgets.get(key);
    return known !== undefined && known.window >= window ? known : { kind, window, charged: 0, held: 0, told: null };
  }

  keep(key: string, budget: Budget, nowMs: number): void {
    this.budgets.set(key, budget);
    this.sweep.look(nowMs);
    this.sweep.look(nowMs);
  }

  /**
   * Makes the spend at least what the ledger knows; answers the difference repaired. A request may be in the ledger and
   * still held here, so what is held is added only to a floor told one lease ago: by then the requests in it are settled or lapsed.
   */
  raise(key: string, kind: WindowKind, floor: { nanoUsd: number; atMs: number }, nowMs: number): number {
    const budget = this.current(key, kind, nowMs);
    if (windowOf(kind, floor.atMs) !== budget.window) return 0;
    let target = floor.nanoUsd;
    if (budget.told !== null && nowMs - budget.told.atMs >= LEASE_MS) {
      target = Math.max(target, budget.told.nanoUsd + budget.held);
      budget.told = null;
    }
    budget.told ??= { nanoUsd: floor.nanoUsd, atMs: nowMs };
    const drift = Math.max(0, target - budget.charged);
    budget.charged += drift;
    this.keep(key, budget, nowMs);
    return drift;
  }

  get size(): number {
    return this.budgets.size;
  }
}

/** Milliseconds; 0 for a budget without end. */
export function resetMs({ kind, window }: Budget, nowMs: number): number {
  return Math.max(0, (windowEndMs(kind, window) ?? nowMs) - nowMs);
}
