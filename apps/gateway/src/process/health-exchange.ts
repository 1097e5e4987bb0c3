import { randomUUID } from 'node:crypto';
import { isEmptyDelta, readDelta, writeDelta } from '@switchyard/dispatch';
import type { HealthDelta } from '@switchyard/dispatch';
import type { Logger } from '@switchyard/telemetry';
import { Redis } from 'ioredis';

const CHANNEL = 'switchyard:health';
/** In braces, so that a Redis Cluster keeps these keys in one slot, and one command reads many. */
const EJECTED = '{switchyard:health}:ejected:';
const CLAIMED = '{switchyard:health}:probe:';
const MESSAGE_LENGTH_MAX = 1024 * 1024;
const RECONNECT_MAX_MS = 5_000;
const COMMAND_TIMEOUT_MS = 1_000;

export interface HealthListener {
  /** What another process told, or what was in force before this one began. */
  heard(delta: HealthDelta): void;
  /** Names of the endpoints that may be told of. */
  keys(): readonly string[];
}

/**
 * Tells the other processes of a deployment what is seen of endpoints, and hears it from them. Ejections are also kept,
 * until they end, for processes that begin. While Redis is away each goes by what it sees itself.
 */
export class HealthExchange {
  /** Tells own messages from those of others. */
  private readonly id = randomUUID();
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private isUp = false;

  constructor(
    url: string,
    private readonly logger: Logger,
    private readonly listener: HealthListener,
  ) {
    this.publisher = connection(url);
    this.subscriber = connection(url);
    this.subscriber.on('message', (_channel, message) => {
      this.hear(message);
    });
    this.publisher.on('ready', () => void this.recall());
    this.subscriber.on('ready', () => void this.join());
    this.subscriber.on('close', () => {
      // That Redis is away is the limits' to warn of.
      if (this.isUp) this.logger.info('health of endpoints is not shared while Redis is away');
      this.isUp = false;
    });
  }

  start(): void {
    for (const redis of [this.publisher, this.subscriber]) redis.connect().catch(() => undefined);
  }

  /** What cannot be told now is not told at all: the others see for themselves. */
  publish(delta: HealthDelta): void {
    if (isEmptyDelta(delta)) return;
    const batch = this.publisher.pipeline().publish(CHANNEL, `${this.id} ${writeDelta(delta)}`);
    for (const { key, times, leftMs } of delta.ejections) {
      batch.set(EJECTED + key, String(times), 'PX', Math.ceil(leftMs));
    }
    for (const key of delta.reopened) batch.del(EJECTED + key);
    batch.exec().catch(() => undefined);
  }

  /** True for one process of the deployment within this time. False also while Redis is away. */
  async claim(name: string, forMs: number): Promise<boolean> {
    try {
      return (await this.publisher.set(CLAIMED + name, '1', 'PX', Math.ceil(forMs), 'NX')) === 'OK';
    } catch {
      return false;
    }
  }

  stop(): void {
    this.isUp = false;
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private async join(): Promise<void> {
    try {
      await this.subscriber.subscribe(CHANNEL);
      if (!this.isUp) this.logger.info('health of endpoints is shared over Redis');
      this.isUp = true;
    } catch (error) {
      this.logger.debug({ err: error }, 'health of endpoints is not shared yet');
    }
  }

  /** The ejections in force. */
  private async recall(): Promise<void> {
    const keys = this.listener.keys();
    if (keys.length === 0) return;
    try {
      const kept = await this.publisher.mget(keys.map((key) => EJECTED + key));
      const ejections = await Promise.all(
        keys.flatMap((key, index) => {
          const times = Number(kept[index] ?? 'none');
          return Number.isInteger(times) && times > 0 ? [this.ejection(key, times)] : [];
        }),
      );
      if (ejections.length > 0) this.listener.heard({ endpoints: [], ejections, reopened: [], refused: [] });
    } catch (error) {
      this.logger.debug({ err: error }, 'which endpoints are ejected is not known yet');
    }
  }

  private async ejection(key: string, times: number): Promise<HealthDelta['ejections'][number]> {
    return { key, times, leftMs: Math.max(0, await this.publisher.pttl(EJECTED + key)) };
  }

  private hear(message: string): void {
    if (message.length > MESSAGE_LENGTH_MAX || message.startsWith(this.id)) return;
    const delta = readDelta(message.slice(this.id.length + 1));
    if (delta !== null) this.listener.heard(delta);
  }
}

function connection(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(RECONNECT_MAX_MS, attempt * 100),
  });
  // Whether Redis is there is the limits' to report.
  redis.on('error', () => undefined);
  return redis;
}
