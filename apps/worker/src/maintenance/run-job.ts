import type { MaintenanceContext, MaintenanceJob } from './context.js';
import { recordRun } from './reports.js';

/** Runs a job once, says how it went and keeps its report. Rejects as the job does, also when it ended early. */
export async function runJob(job: MaintenanceJob, context: MaintenanceContext, signal: AbortSignal): Promise<void> {
  const startedAtMs = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - startedAtMs);
  try {
    const report = await job.run(context, signal);
    await recordRun(context.database, job.name, { ranAtMs: context.now(), report });
    context.onEvent({ type: 'job_done', job: job.name, report, durationMs: elapsedMs() });
  } catch (error) {
    // A job that was asked to end early did no wrong.
    if (!signal.aborted) context.onEvent({ type: 'job_failed', job: job.name, error, durationMs: elapsedMs() });
    throw error;
  }
}
