/**
 * A worker of the queue that takes a job and never ends it, for a test to kill: `node silent-worker.mjs URL QUEUE PREFIX`.
 * Says `taken` once it has one.
 */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [url = '', queue = '', prefix = ''] = process.argv.slice(2);

const worker = new Worker(queue, () => new Promise(() => undefined), {
  connection: new Redis(url, { maxRetriesPerRequest: null }),
  prefix,
  lockDuration: 500,
  stalledInterval: 500,
});
worker.on('active', () => process.stdout.write('taken\n'));
