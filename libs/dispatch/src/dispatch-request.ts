import type {
  Cost,
  Endpoint,
  GatewayError,
  JsonObject,
  JudgedUsage,
  Plan,
  Provider,
  Timeouts,
  UpstreamFailure,
  Usage,
  UsageEvidence,
} from '@switchyard/contract';
import type { Conversation, UsageReport } from '@switchyard/conversation';
import type { Dialect, DecodedBody } from '@switchyard/dialects';
import type { MergedPolicy } from '@switchyard/routing';
import type { AddressGuard, TimerWheel, Transport } from '@switchyard/transport';
import type { AccountGate } from './account-gate.js';
import type { Drains } from './drains.js';
import type { HedgeResult, Hedges } from './hedges.js';
import type { Outcome } from './outcome.js';
import type { RetryBudgetName, RetryBudgets } from './retry-budgets.js';

/** Milliseconds. */
export interface DispatchTimeouts extends Timeouts {
  readonly headerHoldMs: number;
  readonly nonStreamMs: number;
  readonly clientStallMs: number;
}

/** A planned request, ready to be tried. */
export interface DispatchRequest {
  readonly requestId: string;
  readonly tenantId: string;
  /** Without a protocol's prefix. */
  readonly generationId: string;
  /** Unix seconds. */
  readonly createdS: number;
  readonly client: Dialect;
  readonly body: DecodedBody;
  /** The body as a neutral conversation; read at most once, and only when an attempt translates. */
  readonly conversation: () => Conversation;
  readonly plan: Plan;
  readonly policy: MergedPolicy;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Answers asked for. */
  readonly choices: number;
  readonly compatNaga: boolean;
  /** The caller asked for the `routing` object in the answer. */
  readonly wantsRouting: boolean;
  /** The client's request headers that may travel to an upstream of the same dialect. */
  readonly forwardedHeaders: Readonly<Record<string, string>>;
  readonly timeouts: DispatchTimeouts;
  readonly maxAttempts: number;
  /** False = an upstream that was asked is read on for a while after the client is gone: it charges all the same. */
  readonly cancelStopsBilling: boolean;
  readonly isHintKey: (key: string) => boolean;
  /** Replaces the caller's own user ids on the way up; `null` = they are sent. */
  readonly hashUser: ((user: string) => string) | null;
  /** Answers with an error before any header went out. */
  readonly sendError: (error: GatewayError, headers: Readonly<Record<string, string>>) => void;
  /** Called exactly once. `sendLast` writes the last byte: to be called, once, when the outcome is on record. */
  readonly onSettled: (outcome: Outcome, sendLast: () => void) => void;
}

/** What an attempt that served its request showed of the endpoint; times are the attempt's own, not the request's. */
export interface SeenSuccess {
  readonly streamed: boolean;
  /** Milliseconds until the first semantic event; `null` = none came or the answer was not streamed. */
  readonly firstTokenMs: number | null;
  readonly durationMs: number;
  readonly outputTokens: number;
}

/** Where outcomes of attempts go to be remembered, and what is asked of them before the next one. */
export interface HealthRecorder {
  /**
   * False = leave this endpoint out for now: ejected, half-open with its one trial under way, or cooling after a 429.
   * Never false when `isLast`. A true answer at half-open takes the trial's place: one of the `record` calls must follow.
   */
  admit(endpoint: Endpoint, isLast: boolean): boolean;
  /** True = usable. False for five minutes after the provider refused the credential, and while it cools after a 429: to be used only when no other is left. */
  isCredentialRested(provider: Provider, credentialId: string): boolean;
  recordSuccess(endpoint: Endpoint, credentialId: string, seen: SeenSuccess): void;
  recordFailure(endpoint: Endpoint, credentialId: string, failure: UpstreamFailure): void;
  /** Ended without a verdict on the endpoint (client gone, hedge lost): gives back a half-open trial. */
  recordNothing(endpoint: Endpoint): void;
  /** p95 of the time to first token, milliseconds; `null` = too few seen. */
  firstTokenP95Ms(endpoint: Endpoint): number | null;
}

/** Usage to money, as metering does it. */
export interface Pricing {
  costOf(usage: Usage, endpoint: Endpoint, images: number): Cost;
  /** `usage.cost`, `usage.cost_details` and `usage.is_byok` of an answer; `isByok` = the caller's own account was charged. */
  costFields(cost: Cost, isByok: boolean): JsonObject;
  /** The usage that is charged: the report, or an estimate in the place of what cannot be true. */
  judgeUsage(report: UsageReport, evidence: UsageEvidence): JudgedUsage;
}

/** What dispatches count, for metrics. */
export interface DispatchCounters {
  /** A request ended with the failures it had met because this budget allowed no further attempt. */
  retryBudgetExhausted(budget: RetryBudgetName): void;
  /** A second attempt beside a slow one came to this, or was not made for this reason. */
  hedged(result: HedgeResult): void;
  /** What an abandoned attempt cost the operator, by estimate. */
  abandoned(nanoUsd: number): void;
}

/** What every dispatch of a process shares. `nowMs` is monotonic; `random` is in [0, 1). */
export interface DispatchTools {
  readonly transport: Pick<Transport, 'send'>;
  /** Judges the addresses of hosts that callers chose, by the rules now in force. */
  readonly guard: () => AddressGuard;
  readonly wheel: TimerWheel;
  readonly health: HealthRecorder;
  readonly pricing: Pricing;
  readonly accounts: AccountGate;
  readonly budgets: RetryBudgets;
  readonly hedges: Hedges;
  readonly drains: Drains;
  readonly counters: DispatchCounters;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly onFault: (error: unknown, generationId: string) => void;
}
