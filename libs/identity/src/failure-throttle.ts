import { createHmac, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { GatewayError } from '@switchyard/contract';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';

/** Failed attempts to sign in that an address has a minute. */
const FAILURES_PER_MINUTE = 20;
const WINDOW_S = 60;
/** Addresses share this many counters, so that a flood from everywhere costs no more memory than one from somewhere. */
const COUNTERS = 65_536;

/** A command that takes longer is given up; the memory of this process decides then. */
const COMMAND_MS = 100;
const RECONNECT_MAX_MS = 2_000;
const KEY_PREFIX = 'switchyard:sign-in-failures';

export interface FailureThrottleOptions {
  /** Failures an address has a minute. */
  readonly perMinute?: number;
  /** Decides which addresses share a counter; nobody outside may know it. Processes that count together have the same. */
  readonly salt?: Buffer;
  /** Where processes count together; absent = this one counts alone, as it does while Redis is away. */
  readonly redisUrl?: string | null;
}

/**
 * Slows down who guesses keys. It is asked about failed attempts alone: a valid key is served from any address, and
 * because two addresses that share a counter can cost each other no more than a 429 in place of a 401, sharing is harmless.
 */
export class FailureThrottle {
  private readonly limiter: RateLimiterAbstract;
  private readonly salt: Buffer;
  private readonly redis: Redis | null;

  constructor({ perMinute = FAILURES_PER_MINUTE, salt = randomBytes(16), redisUrl }: FailureThrottleOptions = {}) {
    this.salt = salt;
    const own = new RateLimiterMemory({ points: perMinute, duration: WINDOW_S });
    this.redis = redisUrl === undefined || redisUrl === null ? null : connectionTo(redisUrl);
    this.limiter =
      this.redis === null
        ? own
        : new RateLimiterRedis({
            storeClient: this.redis,
            keyPrefix: KEY_PREFIX,
            points: perMinute,
            duration: WINDOW_S,
            // Who is over the bound costs Redis nothing more.
            inMemoryBlockOnConsumed: perMinute + 1,
            insuranceLimiter: own,
          });
  }

  /** To be called when nobody is asked for any more. */
  close(): void {
    this.redis?.disconnect();
  }

  /**
   * The error to answer an attempt with that failed with `error`. A failed authentication counts against the address and
   * becomes `rate_limited`, with the seconds to wait, once there were too many; any other error is answered as it is.
   * `address` is the peer's, `undefined` when its connection is gone.
   */
  async answerTo(error: GatewayError, address: string | undefined): Promise<GatewayError> {
    if (error.code !== 'authentication') return error;
    try {
      await this.limiter.consume(this.counterOf(networkOf(address)));
      return error;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      return new GatewayError(
        'rate_limited',
        'Too many attempts with an invalid or missing API key. Wait, then retry.',
        {
          retryAfterS: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)),
        },
      );
    }
  }

  private counterOf(network: string): number {
    return createHmac('sha256', this.salt).update(network).digest().readUInt32BE() % COUNTERS;
  }
}

/** What one party is assumed to hold: an IPv4 address, or the /64 of an IPv6 address (RFC 6177). */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const plain = address.split('%', 1)[0] ?? '';
  if (!isIPv6(plain)) return plain;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain);
  return mapped?.[1] ?? groupsOf(plain).slice(0, 4).join(':');
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  // The parser of URLs writes every address in its one canonical form (RFC 5952).
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after];
}

function connectionTo(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_MS,
    retryStrategy: (attempts) => Math.min(RECONNECT_MAX_MS, attempts * COMMAND_MS),
  });
  // What is wrong with Redis is said by those who need it; here its absence changes no answer to anybody with a key.
  redis.on('error', () => undefined);
  return redis;
}
