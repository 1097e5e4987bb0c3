/** Everything a limit can count. Buckets per minute, slots, and budgets of money per UTC window. */
export const DIMENSIONS = [
  'requests',
  'input_tokens',
  'output_tokens',
  'concurrency',
  'budget_day',
  'budget_month',
  'budget_total',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Whose limit it is. A credential is the operator's account at a provider; its limits are never shown to callers. */
export type LimitLevel = 'tenant' | 'key' | 'credential';

/** One limit in force. Limits that are switched off are never given. */
export interface Limit {
  readonly level: LimitLevel;
  /** Id of the tenant, key or credential. */
  readonly owner: string;
  readonly dimension: Dimension;
  /** Per minute, slots, or nano-USD: a positive safe integer; a budget may be 0. */
  readonly limit: number;
  /** `shadow` is counted like the others and never refuses. */
  readonly mode: 'enforce' | 'shadow';
}

/** The most a request can use; requests and concurrency always take 1. Safe integers, at least 0. */
export interface Demand {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
}

export interface ReserveRequest {
  /** Never used for another reservation of the group, not even after it was settled. */
  readonly id: string;
  /** What is kept together in the store: the tenant's id, or `credential/<id>`. */
  readonly group: string;
  readonly limits: readonly Limit[];
  readonly demand: Demand;
}

/** How a limit stands, after the reservation where one was made. */
export interface LimitState {
  readonly limit: Limit;
  /** Whole tokens, requests, slots or nano-USD; negative while more was used than the limit allows. */
  readonly remaining: number;
  /** Milliseconds until a bucket is full or the window of a budget ends; 0 for concurrency and `budget_total`. */
  readonly resetMs: number;
}

/**
 * Why a reservation was refused. `too_large`: never fits. `budget_in_flight`: fits once running requests are settled.
 * `budget_exhausted`: does not fit before the window ends. `unavailable`: the store is away and a budget cannot be admitted safely.
 */
export type RefusalCause =
  'rate' | 'concurrency' | 'too_large' | 'budget_in_flight' | 'budget_exhausted' | 'unavailable';

export interface Refusal {
  readonly cause: RefusalCause;
  readonly limit: Limit | null;
  /** What the request needs of that limit, in its unit. */
  readonly needed: number | null;
  /** `null` = waiting does not help, or not before the limit resets. */
  readonly retryAfterMs: number | null;
}

interface Ruled {
  /** Unix milliseconds by the store's clock: when the record was created, so that it is in the window it was charged to. */
  readonly serverTimeMs: number;
  /** In the order of the request's limits. */
  readonly states: readonly LimitState[];
  /** Limits in shadow that would have refused. */
  readonly shadowed: readonly Limit[];
}

export interface Granted extends Ruled {
  readonly granted: true;
}

/** Nothing was taken, of any limit. */
export interface Refused extends Ruled {
  readonly granted: false;
  readonly refusal: Refusal;
}

export type Decision = Granted | Refused;

/** Names a reservation. */
export interface Held {
  readonly id: string;
  readonly group: string;
}

/** What a request did use. Safe integers, at least 0. */
export interface Actual {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
}

/** The spend of a budget according to the ledger, which may be more than the store remembers. */
export interface SpendFloor {
  readonly limit: Limit;
  readonly nanoUsd: number;
  /** Any moment of the window that was summed, Unix milliseconds: a floor is never applied to another window. */
  readonly atMs: number;
}
