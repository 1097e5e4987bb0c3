import { Redis } from 'ioredis';
import type { Script } from './scripts.js';
import { isAnswer, StoreError, storeErrorOf } from './store-error.js';

export interface ConnectionOptions {
  readonly url: string;
  /** Milliseconds until a command is given up. It may be carried out all the same. */
  readonly timeoutMs: number;
  /** Uniform in [0, 1): spreads the reconnections of many instances. */
  readonly random: () => number;
  /** Taught to Redis with every new connection, so that calls take one round trip and keep their order from the first one on. */
  readonly scripts?: readonly Script[];
}

/** What a connection tells of itself; `lost` also of an attempt to connect that failed. */
export interface ConnectionListener {
  ready(): void;
  lost(): void;
  /** Why there is no connection. */
  failed(error: StoreError): void;
}

const CONNECT_TIMEOUT_MS = 2_000;
/** A peer that vanished without a word is noticed when an answer stays out for this long. */
const SILENCE_MS = 5_000;
const RECONNECT_MIN_MS = 50;
/** A Redis that is back is to be shared again within two seconds. */
const RECONNECT_MAX_MS = 500;

/**
 * One connection that fails fast: nothing is queued while it is down, and nothing is sent a second time by itself.
 * Every failure of a call is a `StoreError`.
 */
export class Connection {
  private readonly client: Redis;
  private readonly timeoutMs: number;
  private readonly scripts: readonly Script[];

  constructor({ url, timeoutMs, random, scripts = [] }: ConnectionOptions) {
    this.timeoutMs = timeoutMs;
    this.scripts = scripts;
    this.client = new Redis(url, {
      lazyConnect: true,
      // Integers and flat lists are all that is exchanged; the older protocol needs no handshake that a proxy may refuse.
      protocol: 2,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      retryStrategy: (attempt) => {
        const delayMs = Math.min(RECONNECT_MIN_MS * 2 ** (attempt - 1), RECONNECT_MAX_MS);
        return delayMs * (1 + random() / 5);
      },
      // A primary that became a replica: connecting anew finds the primary.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
  }

  /** Connects, and from then on reconnects by itself. */
  open(listener: ConnectionListener): void {
    this.client.on('ready', () => {
      // One that fails is taught by its first call.
      for (const { lua } of this.scripts) this.client.script('LOAD', lua).catch(() => undefined);
      listener.ready();
    });
    this.client.on('close', () => listener.lost());
    this.client.on('error', (error) => listener.failed(storeErrorOf(error)));
    this.client.connect().catch(() => undefined);
  }

  get isReady(): boolean {
    return this.client.status === 'ready';
  }

  call(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // A busy process comes to its timers before it reads the answers that are there already: they are read first.
        setImmediate(() => {
          reject(new StoreError('timeout'));
        });
      }, this.timeoutMs);
      this.evaluate(script, keys, args)
        .then(resolve, (error: unknown) => {
          reject(storeErrorOf(error));
        })
        .finally(() => {
          clearTimeout(timer);
        });
    });
  }

  async removeFrom(sortedSet: string, member: string): Promise<void> {
    await this.client.zrem(sortedSet, member);
  }

  close(): void {
    // Going away on purpose is no loss.
    this.client.removeAllListeners('close');
    this.client.disconnect();
  }

  private async evaluate({ lua, sha }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await this.client.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isAnswer(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.client.eval(lua, keys.length, ...keys, ...args);
    }
  }
}
