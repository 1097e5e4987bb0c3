import { Redis } from 'ioredis';
import type { Logger } from '@switchyard/telemetry';

const CHANNEL = 'switchyard:identity';
const RECONNECT_MAX_MS = 5_000;

/** Tells the other replicas at once that callers changed. What is lost, each finds by itself a second later. */
export class IdentityBroadcast {
  private readonly publisher: Redis;
  private readonly subscriber: Redis;

  constructor(
    url: string,
    private readonly logger: Logger,
    onChanged: () => void,
  ) {
    const connection = (): Redis => {
      const redis = new Redis(url, {
        lazyConnect: true,
        maxRetriesPerRequest: 0,
        enableOfflineQueue: false,
        retryStrategy: (attempt) => Math.min(RECONNECT_MAX_MS, attempt * 100),
      });
      // Whether Redis is there is the limits' to report.
      redis.on('error', () => undefined);
      return redis;
    };
    this.publisher = connection();
    this.subscriber = connection();
    this.subscriber.on('message', onChanged);
    this.subscriber.on('ready', () => {
      this.subscriber.subscribe(CHANNEL).catch((error: unknown) => {
        this.logger.debug({ err: error }, 'changes of keys are polled for until Redis is back');
      });
    });
  }

  start(): void {
    for (const redis of [this.publisher, this.subscriber]) redis.connect().catch(() => undefined);
  }

  publish(): void {
    this.publisher.publish(CHANNEL, '').catch((error: unknown) => {
      this.logger.debug({ err: error }, 'replicas learn of changed keys by asking');
    });
  }

  stop(): void {
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }
}
