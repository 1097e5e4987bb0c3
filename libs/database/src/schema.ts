import type { Generated } from 'kysely';

/**
 * The tables as both databases answer them. Times are Unix milliseconds, money is integer nano-USD, JSON is text for
 * `parseJson`, and a truth value is 0 or 1. An id of a request is 32 lower-case hexadecimal digits in both, though
 * PostgreSQL keeps it as a `uuid`.
 */
export interface Schema {
  readonly requests: RequestsTable;
  readonly attempts: AttemptsTable;
  readonly rollups_hourly: RollupsTable;
  readonly rollups_daily: RollupsTable;
  readonly price_versions: PriceVersionsTable;
  readonly ledger_dead: LedgerDeadTable;
  readonly ledger_purge: LedgerPurgeTable;
  readonly tenants: TenantsTable;
  readonly api_keys: ApiKeysTable;
  readonly provider_credentials: ProviderCredentialsTable;
  readonly identity_version: IdentityVersionTable;
  readonly alerts_sent: AlertsSentTable;
  readonly maintenance: MaintenanceTable;
}

/** The disjoint counts of a usage. */
interface UsageColumns {
  readonly uncached_input: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly audio_input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly image_output: number;
  readonly audio_output: number;
  readonly web_searches: number;
}

/** One row a usage record. `protocol`, `status` and `usage_source` are codes, which the ledger maps. */
export interface RequestsTable extends UsageColumns {
  readonly id: string;
  readonly created_at: number;
  readonly cost_nano: number;
  readonly cost_input_nano: number;
  /** What an account of the caller's own was charged, by list price; `null` = the operator's account served. */
  readonly byok_cost_nano: number | null;
  readonly images: number;
  /** Tenths of a millisecond, as the other two durations are. */
  readonly latency_tenth_ms: number;
  readonly first_token_tenth_ms: number | null;
  /**
   * Duration and status of the only attempt, when it succeeded at the model, provider and endpoint of this row: then
   * `attempts` has no row of it. `null` = see `attempts`.
   */
  readonly sole_attempt_tenth_ms: number | null;
  readonly sole_attempt_status: number | null;
  readonly protocol: number;
  readonly status: number;
  readonly usage_source: number;
  readonly streamed: number;
  readonly cost_incomplete: number;
  readonly tenant: string;
  readonly key_id: string;
  readonly model: string | null;
  readonly provider: string | null;
  readonly endpoint: string | null;
  readonly finish_reason: string | null;
  readonly error_code: string | null;
  readonly upstream_id: string;
  readonly price_version: string;
}

export interface AttemptsTable {
  readonly request_id: string;
  /** Place in the order of tries, from 0. */
  readonly n: number;
  readonly latency_tenth_ms: number;
  readonly status: number | null;
  readonly model: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly error_class: string | null;
}

/** Sums of the requests of one UTC hour or day. A model, provider or endpoint that was never reached is `''`. */
export interface RollupsTable extends UsageColumns {
  /** Start of the hour or day. */
  readonly bucket: number;
  readonly tenant: string;
  readonly key_id: string;
  readonly model: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly requests: number;
  readonly failures: number;
  readonly cancelled: number;
  readonly cost_nano: number;
}

/** What a version of the catalogue charged, so that a cost can be computed again. */
export interface PriceVersionsTable {
  readonly version: string;
  readonly created_at: number;
  readonly prices: string;
}

/** Records that the ledger could not take, in the text they came in. */
export interface LedgerDeadTable {
  readonly id: Generated<number>;
  /** SHA-256 of `record`: setting the same record aside again adds nothing. */
  readonly digest: string;
  readonly created_at: number;
  readonly record: string;
  readonly reason: string;
}

/** One row: requests older than `purged_before` may be gone. */
export interface LedgerPurgeTable {
  readonly id: number;
  readonly purged_before: number;
}

export interface TenantsTable {
  readonly id: string;
  readonly policy: string | null;
  readonly limits: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface ApiKeysTable {
  readonly id: string;
  readonly tenant: string;
  readonly label: string;
  readonly digest: string;
  readonly previous_digest: string | null;
  readonly previous_expires_at: number | null;
  /** The beginning of the secret, which may be shown. */
  readonly hint: string;
  readonly permissions: string;
  readonly policy: string | null;
  readonly limits: string | null;
  readonly compat: string;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** The secret is in `sealed` alone, encrypted. */
export interface ProviderCredentialsTable {
  readonly row_id: string;
  readonly provider: string;
  readonly id: string;
  readonly sealed: string;
  readonly digest_prefix: string;
  /** JSON of weight and limits. */
  readonly settings: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/** One row, whose version grows in the transaction of every change of `tenants`, `api_keys` and `provider_credentials`. */
export interface IdentityVersionTable {
  readonly id: number;
  readonly version: number;
}

/** One row for each owner, window and threshold of a budget that was passed. */
export interface AlertsSentTable {
  readonly level: string;
  readonly owner: string;
  readonly window_id: string;
  /** Thousandths of the budget. */
  readonly threshold_permille: number;
  /** How far its delivery is, in the words of the job that delivers it. */
  readonly state: string;
  readonly attempts: number;
  /** JSON of what is sent. */
  readonly payload: string;
  readonly created_at: number;
  readonly sent_at: number | null;
}

/** When each job ran last, and what it keeps for its next run. */
export interface MaintenanceTable {
  readonly name: string;
  readonly ran_at: number;
  readonly detail: string | null;
}
