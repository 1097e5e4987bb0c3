import type { MaintenanceContext, MaintenanceJob } from './context.js';
import { runJob } from './run-job.js';

/** The first run of a job comes at a random moment within this time, so that they do not all start together. */
const SPREAD_MS = 10_000;

/** Maintenance without a queue: every job on a timer of this process, never twice at once. A failed run is tried again at its next turn. */
export class MaintenanceTimers {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly jobs: readonly MaintenanceJob[],
    private readonly context: MaintenanceContext,
  ) {}

  start(): void {
    for (const job of this.jobs) this.schedule(job, this.context.random() * Math.min(SPREAD_MS, job.everyMs));
  }

  /** Resolves once nothing runs any more; running jobs are asked to end early. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.running);
  }

  private schedule(job: MaintenanceJob, waitMs: number): void {
    if (this.stopping.signal.aborted) return;
    const timer = setTimeout(() => {
      this.run(job);
    }, waitMs);
    // Maintenance keeps no process alive.
    timer.unref();
    this.timers.set(job.name, timer);
  }

  private run(job: MaintenanceJob): void {
    const run = runJob(job, this.context, this.stopping.signal).then(
      () => undefined,
      // Reported as an event already.
      () => undefined,
    );
    this.running.add(run);
    void run.finally(() => {
      this.running.delete(run);
      this.schedule(job, job.everyMs);
    });
  }
}
