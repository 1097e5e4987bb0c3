import type { FailureClass, PlannedAttempt, UpstreamFailure } from '@switchyard/contract';
import type { FailedAttempt } from './fallback.js';
import type { AttemptRecord } from './outcome.js';

/** One attempt in the log. */
export interface LogEntry {
  readonly planned: PlannedAttempt;
  readonly startedAtMs: number;
  /** `null` while it runs. */
  record: AttemptRecord | null;
}

/** The attempts of one request in the order they were begun. */
export class AttemptLog {
  readonly failed: FailedAttempt[] = [];
  private readonly entries: LogEntry[] = [];

  constructor(private readonly nowMs: () => number) {}

  /** Attempts made so far, the running ones included. */
  get count(): number {
    return this.entries.length;
  }

  /** The attempts that are over. */
  get records(): readonly AttemptRecord[] {
    return this.entries.map(({ record }) => record).filter((record) => record !== null);
  }

  open(planned: PlannedAttempt): LogEntry {
    const entry: LogEntry = { planned, startedAtMs: this.nowMs(), record: null };
    this.entries.push(entry);
    return entry;
  }

  /** An endpoint that was passed over because the request could not be made for it: a failure, but not an attempt. */
  refuse(planned: PlannedAttempt, failure: UpstreamFailure): void {
    this.failed.push({ record: recordOf(planned, null, failure.class, 0), failure });
  }

  /** An attempt served the request. */
  close(entry: LogEntry, status: number | null): void {
    this.conclude(entry, status, null);
  }

  fail(entry: LogEntry, status: number | null, failure: UpstreamFailure): void {
    const record = this.conclude(entry, status, failure.class);
    if (record !== null) this.failed.push({ record, failure });
  }

  /** An attempt was given up for another that was faster: no failure of anybody. */
  lose(entry: LogEntry, status: number | null): void {
    this.conclude(entry, status, 'hedge_lost');
  }

  /** Ends an attempt; `null` when it was over already. */
  private conclude(entry: LogEntry, status: number | null, errorClass: FailureClass | null): AttemptRecord | null {
    if (entry.record !== null) return null;
    entry.record = recordOf(entry.planned, status, errorClass, this.nowMs() - entry.startedAtMs);
    return entry.record;
  }
}

function recordOf(
  { model, endpoint }: PlannedAttempt,
  status: number | null,
  errorClass: FailureClass | null,
  latencyMs: number,
): AttemptRecord {
  return { model: model.id, provider: endpoint.provider.id, endpoint: endpoint.tag, status, errorClass, latencyMs };
}
