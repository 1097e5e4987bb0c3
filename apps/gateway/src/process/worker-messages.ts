import type { SpendFloor } from '@switchyard/limits';
import type { UsageRecord } from '@switchyard/metering';
import type { MetricsDelta } from '@switchyard/telemetry';
import type { KnownIdentity } from '../control/runtime-state.js';
import type { OwnerSpend, SpendOwner } from '../control/ledger-reader.js';

/** Which configuration a worker is to serve; it reads and checks the text itself, so nothing is lost in transit. */
export interface ConfigureMessage {
  readonly type: 'configure';
  readonly path: string | null;
  /** Content of the file at `path`, as the supervisor validated it. */
  readonly text: string | null;
  /** Base URL of the simulator when the configuration is simulated. */
  readonly simulatorUrl: string | null;
  /** The data port this gateway already has, which a replacement must open again when the configured one is 0; `null` = as configured. */
  readonly port: number | null;
  /** Callers of the database. */
  readonly identity: KnownIdentity;
  /** What budgets were spent before this worker began. */
  readonly spend: readonly GroupSpend[];
}

/** Spend of the budgets of one group, according to the ledger. */
export interface GroupSpend {
  readonly group: string;
  readonly floors: readonly SpendFloor[];
}

/** The callers of the database changed. */
export interface IdentityMessage {
  readonly type: 'identity';
  readonly identity: KnownIdentity;
}

/** The worker serves by the callers it was last told of. */
export interface IdentityAppliedMessage {
  readonly type: 'identity-applied';
}

/** The ledger knows of more spend than the limits may. */
export interface SpendMessage {
  readonly type: 'spend';
  readonly spend: readonly GroupSpend[];
}

export interface DrainMessage {
  readonly type: 'drain';
}

/** The answer to the question of the same number. `error` is for the log. */
export interface AnswerMessage {
  readonly type: 'answer';
  readonly question: number;
  readonly value: LedgerAnswer | null;
  readonly error: string | null;
}

/** Supervisor to worker. */
export type SupervisorMessage = ConfigureMessage | IdentityMessage | SpendMessage | DrainMessage | AnswerMessage;

/** Worker to supervisor: the data port is open. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly url: string;
}

/** A worker that could not start, and why. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly reason: string;
}

export type LedgerQuestion =
  | { readonly about: 'record'; readonly id: string }
  | { readonly about: 'spend'; readonly owners: readonly SpendOwner[] };

export type LedgerAnswer =
  | { readonly about: 'record'; readonly record: UsageRecord | null }
  | { readonly about: 'spend'; readonly spend: readonly OwnerSpend[] };

/** A question that only the holder of the database can answer. */
export interface AskMessage {
  readonly type: 'ask';
  readonly question: number;
  readonly ask: LedgerQuestion;
}

/** What the worker counted since its last message. */
export interface MetricsMessage {
  readonly type: 'metrics';
  readonly delta: MetricsDelta;
}

export type WorkerMessage = ReadyMessage | FailedMessage | IdentityAppliedMessage | AskMessage | MetricsMessage;
