import { Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Job, JobsOptions } from 'bullmq';
import { failureReason } from '../failure-reason.js';
import type { MaintenanceContext, MaintenanceJob } from '../maintenance/context.js';
import { runJob } from '../maintenance/run-job.js';
import type { QueueEvent } from './queue-event.js';
import { QueueRedis } from './queue-redis.js';

export const QUEUE = 'switchyard-maintenance';
/** In braces, so that a Redis Cluster keeps all keys of the queue in one slot, as its scripts need. */
export const PREFIX = '{switchyard}';

const ATTEMPTS = 8;
const FAILED_JOBS_MAX = 1_000;
const LOCK_MS = 30_000;
const RETRY_MS = 1_000;
const JITTER = 0.5;
/** Redis may lose what it holds, schedules included: they are put there again now and then. */
const SCHEDULE_MS = 60_000;
/** How long running jobs may take to end after a stop was asked for, and then the queue to note it. */
const STOP_MS = 15_000;
const CLOSE_MS = 2_000;
/** When Redis refuses what the queue asks (it is full, or a replica), the queue would ask again at once, thousands of times a second. */
const FAULT_PAUSE_MS = 1_000;

export interface WorkerAppOptions {
  readonly redisUrl: string;
  readonly jobs: readonly MaintenanceJob[];
  readonly context: MaintenanceContext;
  readonly onEvent: (event: QueueEvent) => void;
  /** How long after its process fell silent a job is given to another; 30 s when absent. */
  readonly lockMs?: number;
  /** Wait after the first failure of a job, doubled after each further one; 1 s when absent. */
  readonly retryMs?: number;
}

/** What a worker did since it started. */
export interface WorkerStatus {
  readonly isConnected: boolean;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  /** Jobs of others that fell silent. */
  readonly stalled: number;
  /** Jobs that failed for the last time. */
  readonly dead: number;
}

/** Maintenance by a queue in Redis that any number of workers share: each turn of a job is run by one of them, by another when that one dies. */
export class WorkerApp {
  private readonly redis: QueueRedis;
  private readonly queue: Queue;
  private readonly worker: Worker;
  private readonly jobs: ReadonlyMap<string, MaintenanceJob>;
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly counts = { done: 0, failed: 0, stalled: 0, dead: 0 };
  private readonly scheduling: NodeJS.Timeout;
  /** Set while the queue rests after a fault. */
  private resting: NodeJS.Timeout | null = null;
  private lastFault: string | null = null;
  private stopped: Promise<void> | null = null;

  /** Starts it. While Redis is away it waits, and connects again for ever. */
  constructor(private readonly options: WorkerAppOptions) {
    const { jobs, redisUrl, lockMs = LOCK_MS } = options;
    this.jobs = new Map(jobs.map((job) => [job.name, job]));
    this.redis = new QueueRedis(redisUrl, options.onEvent);
    const shared = { connection: this.redis.client, prefix: PREFIX };
    this.queue = new Queue(QUEUE, shared);
    this.worker = new Worker(QUEUE, (job) => this.process(job), {
      ...shared,
      // A job that waits keeps no other from running.
      concurrency: jobs.length,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      // Whatever its process died of, a job runs again until its attempts are used up.
      maxStalledCount: ATTEMPTS,
    });
    this.listen();
    this.scheduling = setInterval(() => void this.schedule(), SCHEDULE_MS);
  }

  get status(): WorkerStatus {
    return { isConnected: this.redis.isConnected, running: this.running.size, ...this.counts };
  }

  /** Ends running jobs early, leaves what is unfinished to others and closes the connections. Takes a bounded time. */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    clearInterval(this.scheduling);
    if (this.resting !== null) clearTimeout(this.resting);
    // By force where Redis is away: the queue would wait for answers. That a job ended early is found out by others in time.
    const closed = this.worker.close(!this.redis.isConnected).then(() => this.queue.close());
    this.stopping.abort();
    await atMost(STOP_MS, Promise.all(this.running));
    await atMost(CLOSE_MS, closed);
    this.redis.close();
  }

  private listen(): void {
    const onError = (error: Error): void => {
      this.fault(error);
    };
    this.queue.on('error', onError);
    this.worker.on('error', onError);
    this.worker.on('active', () => {
      this.lastFault = null;
    });
    this.redis.client.on('ready', () => void this.schedule());
    this.worker.on('stalled', (id) => {
      this.counts.stalled += 1;
      this.options.onEvent({ type: 'job_stalled', job: id });
    });
    this.worker.on('failed', (job, error) => {
      if (job === undefined || job.finishedOn === undefined) return;
      this.counts.dead += 1;
      this.options.onEvent({ type: 'job_dead', job: job.name, attempts: job.attemptsMade, reason: error.message });
    });
  }

  /** Makes every job's schedule what it should be; a schedule that is so already keeps its next turn. */
  private async schedule(): Promise<void> {
    const { jobs, retryMs = RETRY_MS } = this.options;
    const opts: JobsOptions = {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: retryMs, jitter: JITTER },
      removeOnComplete: true,
      removeOnFail: { count: FAILED_JOBS_MAX },
      stackTraceLimit: 0,
    };
    try {
      for (const { name, everyMs } of jobs) {
        await this.queue.upsertJobScheduler(name, { every: everyMs }, { name, data: {}, opts });
      }
    } catch (error) {
      this.fault(error as Error);
    }
  }

  /** Tells of a fault once until a job runs again, and lets the queue rest. */
  private fault(error: Error): void {
    if (this.resting !== null || this.stopping.signal.aborted || isOfConnection(error)) return;
    const reason = faultReason(error);
    if (reason !== this.lastFault) this.options.onEvent({ type: 'queue_fault', reason });
    this.lastFault = reason;
    void this.worker.pause(true);
    this.resting = setTimeout(() => {
      this.resting = null;
      void this.worker.resume();
      void this.schedule();
    }, FAULT_PAUSE_MS);
  }

  private async process(turn: Job): Promise<void> {
    const job = this.jobs.get(turn.name);
    if (job === undefined) throw new UnrecoverableError('a job of another version');
    const run = runJob(job, this.options.context, this.stopping.signal);
    const ended = run.then(
      () => void (this.counts.done += 1),
      () => void (this.counts.failed += 1),
    );
    this.running.add(ended);
    try {
      await run;
    } catch (error) {
      // What fails lies in Redis in clear, message and all: its kind is enough there, the log of this process has the rest.
      throw new Error(failureReason(error), { cause: error });
    } finally {
      this.running.delete(ended);
    }
  }
}

/** Connections are made again by themselves, and whether there is one is told elsewhere. */
function isOfConnection(error: Error): boolean {
  return 'syscall' in error || /\bconnection is closed\b/i.test(error.message);
}

/** What Redis answered, or what the queue says of its own: its words name jobs, whose data is no secret. */
function faultReason(error: Error): string {
  return error.name === 'Error' ? error.message : failureReason(error);
}

/** Resolves with `work`, or after this long without it; what becomes of it then is of no interest. */
async function atMost(waitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([work.catch(() => undefined), timeUp]);
  clearTimeout(timer);
}
