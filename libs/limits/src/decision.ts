import type { Charge } from './charges.js';
import type { Decision, LimitState, Refusal, RefusalCause } from './types.js';

/** What a store found about one limit. `null` = the charge fits. */
export interface Standing {
  readonly remaining: number;
  readonly resetMs: number;
  readonly refusal: Exclude<RefusalCause, 'unavailable'> | null;
  /** Milliseconds until a refused charge of a bucket would fit. */
  readonly waitMs: number;
}

/** What a store answers to a reservation; standings in the order of the charges. */
export interface Ruling {
  readonly granted: boolean;
  readonly serverTimeMs: number;
  readonly standings: readonly Standing[];
}

/** How soon a slot, or the money reserved by running requests, may come free. */
const SLOT_WAIT_MS = 1_000;
const IN_FLIGHT_WAIT_MS = 2_000;

/** Of several reasons the one to tell: what waiting cannot cure, then the longest wait. */
const PERMANENCE = {
  unavailable: 0,
  rate: 1,
  concurrency: 1,
  budget_in_flight: 1,
  budget_exhausted: 2,
  too_large: 3,
} as const satisfies Record<RefusalCause, number>;

export function decisionOf(charges: readonly Charge[], ruling: Ruling): Decision {
  const { serverTimeMs, standings } = ruling;
  const states: LimitState[] = [];
  const shadowed = [];
  let refusal: Refusal | null = null;
  for (const [index, { limit, cost }] of charges.entries()) {
    const standing = standings[index];
    if (standing === undefined) throw new RangeError('a ruling needs one standing per charge');
    states.push({ limit, remaining: standing.remaining, resetMs: standing.resetMs });
    if (standing.refusal === null) continue;
    if (limit.mode === 'shadow') shadowed.push(limit);
    else
      refusal = graver(refusal, { cause: standing.refusal, limit, needed: cost, retryAfterMs: retryAfterMs(standing) });
  }
  if (ruling.granted) return { granted: true, serverTimeMs, states, shadowed };
  if (refusal === null) throw new RangeError('a refusal needs a limit that refused');
  return { granted: false, serverTimeMs, states, shadowed, refusal };
}

/** The refusal when the store cannot say. */
export function unavailable(serverTimeMs: number, retryAfterMs: number, states: readonly LimitState[] = []): Decision {
  const refusal: Refusal = { cause: 'unavailable', limit: null, needed: null, retryAfterMs };
  return { granted: false, serverTimeMs, states, shadowed: [], refusal };
}

function retryAfterMs({ refusal, waitMs }: Standing): number | null {
  if (refusal === 'rate') return waitMs;
  if (refusal === 'concurrency') return SLOT_WAIT_MS;
  return refusal === 'budget_in_flight' ? IN_FLIGHT_WAIT_MS : null;
}

function graver(known: Refusal | null, next: Refusal): Refusal {
  if (known === null) return next;
  const difference = PERMANENCE[next.cause] - PERMANENCE[known.cause];
  const longer = (next.retryAfterMs ?? 0) > (known.retryAfterMs ?? 0);
  return difference > 0 || (difference === 0 && longer) ? next : known;
}
