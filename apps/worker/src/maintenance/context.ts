import type { Database } from '@switchyard/database';
import type { Limit, Limits } from '@switchyard/limits';
import type { Ledger } from '@switchyard/metering';
import type { Probing } from '../probes/probing.js';
import type { SendWebhook } from '../alerts/webhook.js';
import type { JobReport, MaintenanceEvent } from './event.js';

/** Limits that are counted together, under one hash tag of the limiter: those of a tenant and of its keys. */
export interface LimitedGroup {
  readonly group: string;
  readonly limits: readonly Limit[];
}

/** Where budget alerts go. */
export interface AlertTarget {
  readonly url: string;
  /** Signs every call. */
  readonly secret: string;
  /** Shares of a budget: 0.5, 0.8, 1. */
  readonly thresholds: readonly number[];
}

/** What a job needs of the world outside; `MAINTENANCE_TOOLS` is the real one. */
export interface MaintenanceTools {
  readonly send: SendWebhook;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Rejects when aborted. */
  readonly wait: (waitMs: number, signal: AbortSignal) => Promise<void>;
}

/**
 * What maintenance works with. Several processes may use it all at once: no job relies on being alone. Settings are read
 * anew in every run, so they may be getters of a configuration that is reloaded.
 */
export interface MaintenanceContext extends MaintenanceTools {
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'checkRollups' | 'rebuildRollups' | 'spend' | 'purge' | 'counts'>;
  readonly limits: Pick<Limits, 'look' | 'raiseSpend'>;
  /** Everybody who has a budget at this moment; limits that are no budgets are passed over. */
  readonly budgetedOwners: () => Promise<readonly LimitedGroup[]>;
  /** `null` = nobody is told. */
  readonly alerts: AlertTarget | null;
  /** Days that usage records are kept; `null` = for ever. */
  readonly retention: { readonly requestsDays: number | null };
  /** `null` = this process probes nothing. */
  readonly probes: Probing | null;
  readonly onEvent: (event: MaintenanceEvent) => void;
}

/** A job of maintenance. Idempotent, and safe when it runs twice at once. */
export interface MaintenanceJob {
  /** Lower case with hyphens. */
  readonly name: string;
  readonly everyMs: number;
  /** Rejects when it could not do its work; the next run tries again. Ends early when `signal` is aborted. */
  readonly run: (context: MaintenanceContext, signal: AbortSignal) => Promise<JobReport>;
}
