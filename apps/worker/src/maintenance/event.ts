/** What one run of a job did and found, in figures by name. */
export type JobReport = Readonly<Record<string, number>>;

/** What an operator should know of maintenance. Holds no secret and no content. */
export type MaintenanceEvent =
  | { readonly type: 'job_done'; readonly job: string; readonly report: JobReport; readonly durationMs: number }
  | { readonly type: 'job_failed'; readonly job: string; readonly error: unknown; readonly durationMs: number }
  /** Rollups differed from the records they are made of, and were made again. */
  | { readonly type: 'rollups_repaired'; readonly rows: number; readonly nanoUsd: number }
  /** The limiter knew of less spend than the ledger, and was told. */
  | { readonly type: 'budget_drift'; readonly group: string; readonly nanoUsd: number }
  | { readonly type: 'alert_sent'; readonly alert: string; readonly attempts: number }
  | { readonly type: 'alert_failed'; readonly alert: string; readonly attempts: number; readonly reason: string }
  /** Given up after its last attempt; it is kept for an operator to look at. */
  | { readonly type: 'alert_dead'; readonly alert: string; readonly attempts: number; readonly reason: string };
