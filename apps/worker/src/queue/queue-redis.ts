import { Redis } from 'ioredis';
import { failureReason } from '../failure-reason.js';
import type { QueueEvent } from './queue-event.js';

const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 2_000;

/**
 * The queue's connection to Redis, which is its own: it waits for Redis where the limiter's gives up. Says once when Redis
 * goes away and once when it is back.
 */
export class QueueRedis {
  readonly client: Redis;
  /** `null` = not tried yet. */
  private isUp: boolean | null = null;
  private isClosed = false;

  constructor(
    url: string,
    private readonly onEvent: (event: QueueEvent) => void,
  ) {
    this.client = new Redis(url, {
      // Commands wait for Redis to be back, however long: asked for by BullMQ.
      maxRetriesPerRequest: null,
      // Copies of the connection, which the queue makes for itself, end with it.
      retryStrategy: (attempt) =>
        this.isClosed ? null : Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** Math.min(attempt, 10)),
    });
    this.client.on('ready', () => {
      if (this.isUp === true) return;
      this.isUp = true;
      onEvent({ type: 'queue_back' });
    });
    this.client.on('error', (error) => {
      this.away(failureReason(error));
    });
    this.client.on('close', () => {
      this.away('connection closed');
    });
  }

  get isConnected(): boolean {
    return this.isUp === true;
  }

  close(): void {
    this.isClosed = true;
    this.client.removeAllListeners('close');
    this.client.disconnect();
  }

  private away(reason: string): void {
    if (this.isUp === false) return;
    this.isUp = false;
    this.onEvent({ type: 'queue_away', reason });
  }
}
