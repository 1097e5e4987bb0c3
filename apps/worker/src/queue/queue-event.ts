import type { Logger } from '@switchyard/telemetry';

/** What an operator should know of the queue. */
export type QueueEvent =
  /** The queue can be reached, for the first time or again. */
  | { readonly type: 'queue_back' }
  | { readonly type: 'queue_away'; readonly reason: string }
  /** Redis answers, with an error. */
  | { readonly type: 'queue_fault'; readonly reason: string }
  /** Whoever ran the job did not end it in time; it runs again. */
  | { readonly type: 'job_stalled'; readonly job: string }
  /** Failed for the last time; it is kept among the failed jobs, and its next turn comes all the same. */
  | { readonly type: 'job_dead'; readonly job: string; readonly attempts: number; readonly reason: string };

/** One line for each event. */
export function logQueue(logger: Logger, event: QueueEvent): void {
  switch (event.type) {
    case 'queue_back':
      logger.info('job queue connected');
      return;
    case 'queue_away':
      logger.warn({ reason: event.reason }, 'job queue away, waiting for Redis');
      return;
    case 'queue_fault':
      logger.error({ reason: event.reason }, 'Redis refuses what the job queue asks');
      return;
    case 'job_stalled':
      logger.warn({ job: event.job }, 'maintenance job was left unfinished and runs again');
      return;
    case 'job_dead':
      logger.error(
        { job: event.job, attempts: event.attempts, reason: event.reason },
        'maintenance job failed for the last time',
      );
  }
}
