import { FAILURE_CLASSES } from '@switchyard/contract';

/**
 * Every metric there is. Label values are closed sets: nothing that a caller or an upstream says becomes a series. Counters
 * stand at 0 from the start, so that a first increase is seen as one; a gauge is absent until it is set.
 *
 * `scale` is what a value is divided by when it is shown: money is counted in integer nano-USD and shown in USD.
 */
export interface MetricRow {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly scale: number;
  /** Of a gauge: what is shown of the values of several processes. */
  readonly merged: 'sum' | 'max';
}

const NANO_PER_USD = 1_000_000_000;
const MS_PER_SECOND = 1_000;

const BREAKER_STATES = ['closed', 'half_open', 'open'] as const;
/** The dimensions of limits; `none` = no one of them: all of them fit, or none could be read. */
const DIMENSIONS = [
  'requests',
  'input_tokens',
  'output_tokens',
  'concurrency',
  'budget_day',
  'budget_month',
  'budget_total',
  'none',
] as const;
/** `shadow` = a limit in shadow mode would have refused. */
const DECISIONS = ['allow', 'deny', 'shadow'] as const;
/** `unavailable` = nobody could tell whether the key is valid. */
const AUTH_FAILURES = ['missing', 'invalid', 'throttled', 'unavailable'] as const;
/** `running` and `not_kept` = a repetition that was refused; `unavailable` = nobody could tell whether it is one. */
const IDEMPOTENCY_RESULTS = ['claimed', 'replayed', 'running', 'mismatch', 'not_kept', 'unavailable'] as const;
const SHED_REASONS = ['in_flight', 'loop_delay', 'heap', 'big_body', 'strangers', 'connections'] as const;
/** `refused_...` = no second attempt was made: too large a share, too much load, too dear, no retry budget, a full account, no candidate. */
const HEDGE_RESULTS = [
  'won',
  'lost',
  'refused_share',
  'refused_load',
  'refused_cost',
  'refused_budget',
  'refused_room',
  'refused_candidate',
] as const;
const PROTOCOLS = ['messages', 'chat'] as const;
/** What an attempt ended with: it served the request, or failed in one of these ways. */
const ATTEMPT_RESULTS = ['served', ...FAILURE_CLASSES] as const;
/** How a recorded request ended. */
const STATUSES = ['completed', 'client_cancelled', 'upstream_error', 'truncated', 'rejected', 'orphaned'] as const;
const TOKEN_KINDS = [
  'uncached_input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'audio_input',
  'output',
  'reasoning',
  'image_output',
  'audio_output',
] as const;

export const METRICS = {
  switchyard_ledger_pending_records: gauge('Usage records that wait in journals for the ledger.', {}),
  switchyard_ledger_oldest_pending_seconds: gauge('Age of the oldest usage record that waits for the ledger.', {}),
  switchyard_ledger_inserts_total: counter('Usage records sent to the ledger, by whether it had them already.', {
    result: ['inserted', 'duplicate'],
  }),
  switchyard_ledger_dead_records: gauge('Usage records set aside because the ledger refused them.', {}),
  switchyard_ledger_unreconciled: gauge(
    'Records set aside, damaged in a journal or missing from a rollup. Must be 0.',
    {},
  ),
  switchyard_orphans_recovered_total: counter('Requests whose process died and that were recorded for it.', {}),
  switchyard_journal_bytes: gauge('Bytes that the journals take on disk.', {}),
  switchyard_journal_free_bytes: gauge('Bytes free on the disk of the journals.', {}),
  switchyard_budget_drift_usd: gauge(
    'Spend in the ledger that the limits had lost when last compared. Must be 0.',
    {},
    NANO_PER_USD,
  ),
  switchyard_redis_breaker_state: gauge('Processes whose connection breaker of Redis is in this state.', {
    state: BREAKER_STATES,
  }),
  switchyard_limits_degraded: gauge('Processes that limit on their own because Redis is away.', {}),
  switchyard_ratelimit_decisions_total: counter('Decisions of limits, by the dimension that decided.', {
    dimension: DIMENSIONS,
    decision: DECISIONS,
  }),
  switchyard_shed_total: counter('Requests and connections refused to bear the load.', { reason: SHED_REASONS }),
  switchyard_event_loop_delay_seconds: gauge(
    'The worst delay of the event loop in the last three seconds, of the process where it was worst.',
    {},
    MS_PER_SECOND,
    'max',
  ),
  switchyard_in_flight_requests: gauge('Requests under way.', {}),
  switchyard_auth_failures_total: counter('Requests without a valid key.', { reason: AUTH_FAILURES }),
  switchyard_idempotency_total: counter('Requests with an Idempotency-Key, by what became of them.', {
    result: IDEMPOTENCY_RESULTS,
  }),
  switchyard_endpoint_ejections_total: counter('Endpoints left out for a while, by what led to it.', {
    cause: ['consecutive', 'share', 'trial'],
  }),
  switchyard_endpoints_ejected: gauge('Endpoints that are left out at the moment, as their machine knows.', {}),
  switchyard_credentials_refused_total: counter('Attempts that failed because a provider refused its credential.', {
    reason: ['auth', 'billing'],
  }),
  switchyard_probes_total: counter('Requests of the gateway itself to endpoints without traffic.', {
    mode: ['models', 'completion'],
    result: ['passed', 'failed'],
  }),
  switchyard_config_version: gauge(
    'Version of the configuration in force: 1 at the start, and one more with each.',
    {},
  ),
  switchyard_config_reloads_total: counter('Changed configurations that were read, by what became of them.', {
    result: ['applied', 'refused'],
  }),
  switchyard_requests_total: counter('Recorded requests.', { protocol: PROTOCOLS, status: STATUSES }),
  switchyard_upstream_attempts_total: counter('Attempts of recorded requests, by what became of them.', {
    result: ATTEMPT_RESULTS,
  }),
  switchyard_retry_budget_exhausted_total: counter('Further attempts that a retry budget did not allow.', {
    budget: ['tenant', 'provider', 'process'],
  }),
  switchyard_hedges_total: counter('Attempts beside a slow one: won = the second was faster, lost = it was not.', {
    result: HEDGE_RESULTS,
  }),
  switchyard_hedge_cost_usd_total: counter(
    'What abandoned attempts cost the operator, by estimate. In no record.',
    {},
    NANO_PER_USD,
  ),
  switchyard_tokens_total: counter('Tokens charged, each in exactly one kind.', { kind: TOKEN_KINDS }),
  switchyard_cost_usd_total: counter('Cost of recorded requests.', {}, NANO_PER_USD),
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;
export type CounterName = NameOfType<'counter'>;
export type GaugeName = NameOfType<'gauge'>;

/** One word of its closed set for each label of a metric. */
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in keyof (typeof METRICS)[Name]['labels']]: WordsOf<(typeof METRICS)[Name]['labels'][Label]>;
};

type NameOfType<Type extends MetricRow['type']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends Type ? Name : never;
}[MetricName];

type WordsOf<Words> = Words extends readonly (infer Word)[] ? Word : never;

type LabelSets = Readonly<Record<string, readonly string[]>>;

function counter<const Labels extends LabelSets>(help: string, labels: Labels, scale = 1) {
  return { type: 'counter', help, labels, scale, merged: 'sum' } as const;
}

function gauge<const Labels extends LabelSets>(
  help: string,
  labels: Labels,
  scale = 1,
  merged: MetricRow['merged'] = 'sum',
) {
  return { type: 'gauge', help, labels, scale, merged } as const;
}
