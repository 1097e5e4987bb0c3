import type { HealthDelta } from '@switchyard/dispatch';
import type { SpendFloor } from '@switchyard/limits';
import type { UsageRecord } from '@switchyard/metering';
import type { MetricsDelta } from '@switchyard/telemetry';
import type { GatewayConfig, ServerSettings } from '../config/gateway-config.js';
import type { KnownIdentity } from '../control/runtime-state.js';
import type { OwnerSpend, SpendOwner } from '../control/ledger-reader.js';
import type { DrainPlan } from './data-server.js';

/** After a fault that nobody caught the requests of a process have this long to end, in milliseconds. */
export const FATAL_GRACE_MS = 5_000;

/** Which configuration a worker is to serve; it reads and checks the text itself, so nothing is lost in transit. */
export interface ConfigureMessage {
  readonly type: 'configure';
  readonly path: string | null;
  /** Content of the file at `path`, as the supervisor validated it. */
  readonly text: string | null;
  /** Base URL of the simulator when the configuration is simulated. */
  readonly simulatorUrl: string | null;
  /** Settings as they were when the gateway started: they change with a restart only. */
  readonly fixed: FixedSettings;
  /** Callers of the database. */
  readonly identity: KnownIdentity;
  /** What budgets were spent before this worker began. */
  readonly spend: readonly GroupSpend[];
  /** Endpoints and credentials that are left out at the moment. */
  readonly health: HealthDelta;
}

/** What every process of a gateway has in common for as long as it runs. */
export interface FixedSettings extends Pick<GatewayConfig, 'redis' | 'database' | 'dataDir'> {
  readonly server: Pick<ServerSettings, 'host' | 'port' | 'opsPort' | 'workers'>;
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

/** Both ways: what was seen of endpoints elsewhere since the last message. */
export interface HealthMessage {
  readonly type: 'health';
  readonly delta: HealthDelta;
}

/** A new connection of the data port, which comes along with the message. The worker says when it has it. */
export interface ConnectionMessage {
  readonly type: 'connection';
  readonly connection: number;
}

/** Readiness says no from now on; requests are served as before. */
export interface LeaveMessage {
  readonly type: 'leave';
}

/** Serve what there is and end. Told again, it can only shorten what is left. */
export interface DrainMessage extends DrainPlan {
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
export type SupervisorMessage =
  | ConfigureMessage
  | IdentityMessage
  | SpendMessage
  | HealthMessage
  | ConnectionMessage
  | LeaveMessage
  | DrainMessage
  | AnswerMessage;

/** Worker to supervisor: connections can come. */
export interface ReadyMessage {
  readonly type: 'ready';
}

/** The worker has the connection, and has not read from it yet. */
export interface TakenMessage {
  readonly type: 'taken';
  readonly connection: number;
}

/** Connections of the worker that ended since its last message. */
export interface ClosedMessage {
  readonly type: 'closed';
  readonly count: number;
}

/** Something went wrong in the worker that it cannot go on after: it ends soon. */
export interface EndingMessage {
  readonly type: 'ending';
}

/** A worker that could not start, or could not take a new configuration, and why. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly reason: string;
}

export type LedgerQuestion =
  | { readonly about: 'record'; readonly id: string; readonly tenant: string }
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

export type WorkerMessage =
  | ReadyMessage
  | TakenMessage
  | ClosedMessage
  | EndingMessage
  | FailedMessage
  | IdentityAppliedMessage
  | AskMessage
  | HealthMessage
  | MetricsMessage;
