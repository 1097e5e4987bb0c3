import type { HealthTracker } from '@switchyard/dispatch';
import type { Limits } from '@switchyard/limits';
import type { Journal } from '@switchyard/metering';
import type { Metrics } from '@switchyard/telemetry';
import type { LedgerReader } from '../control/ledger-reader.js';
import type { DiskWatch } from './disk-watch.js';

/** What the requests of one process share beyond their configuration. */
export interface ProcessServices {
  readonly limits: Limits;
  /** This process alone writes it. */
  readonly journal: Journal;
  /** Asks the supervisor, who has the database. */
  readonly ledger: LedgerReader;
  readonly metrics: Metrics;
  /** How upstreams do, as this process and those it hears of see it. */
  readonly health: HealthTracker;
  readonly disk: DiskWatch;
}

/** Injection token of the `ProcessServices`. */
export const PROCESS_SERVICES = Symbol('ProcessServices');
