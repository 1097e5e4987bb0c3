import type { FailureClass, PlannedAttempt, UpstreamFailure } from '@switchyard/contract';
import type { FailedAttempt } from './fallback.js';
import type { AttemptRecord } from './outcome.js';

/** The attempts of one request in the order they were made. */
export class AttemptLog {
  readonly records: AttemptRecord[] = [];
  readonly failed: FailedAttempt[] = [];
  private running: { readonly planned: PlannedAttempt; readonly startedAtMs: number } | null = null;
  private opened = 0;

  constructor(private readonly nowMs: () => number) {}

  /** Attempts made so far, the running one included. */
  get count(): number {
    return this.opened;
  }

  open(planned: PlannedAttempt): void {
    this.running = { planned, startedAtMs: this.nowMs() };
    this.opened += 1;
  }

  /** An endpoint that was passed over because the request could not be made for it: a failure, but not an attempt. */
  refuse(planned: PlannedAttempt, failure: UpstreamFailure): void {
    this.failed.push({ record: recordOf(planned, null, failure.class, 0), failure });
  }

  /** Ends the running attempt; nothing happens when none runs. */
  close(status: number | null, failure: UpstreamFailure | null): void {
    if (this.running === null) return;
    const { planned, startedAtMs } = this.running;
    this.running = null;
    const record = recordOf(planned, status, failure?.class ?? null, this.nowMs() - startedAtMs);
    this.records.push(record);
    if (failure !== null) this.failed.push({ record, failure });
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
