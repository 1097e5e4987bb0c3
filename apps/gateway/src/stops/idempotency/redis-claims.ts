import { Redis } from 'ioredis';
import { LEASE_MS } from './claim-store.js';
import type { ClaimAnswer, ClaimAsk, ClaimStore } from './claim-store.js';

const PREFIX = 'switchyard:idempotency:';
/** Longer than for limits: here there is no decision to fall back to. */
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
/** A peer that vanished without a word is noticed when an answer stays out for this long. */
const SILENCE_MS = 5_000;
const RECONNECT_MAX_MS = 2_000;

/** Fields: f = fingerprint, o = owner, s = state, a = sealed answer. */
const CLAIM = `
local found = redis.call('HMGET', KEYS[1], 'f', 'o', 's')
if not found[1] then
  redis.call('HSET', KEYS[1], 'f', ARGV[1], 'o', ARGV[2], 's', 'running')
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {'claimed'}
end
if found[1] ~= ARGV[1] then return {'mismatch'} end
if found[3] == 'running' then
  if found[2] == ARGV[2] then return {'claimed'} end
  return {'running'}
end
if found[3] == 'kept' then return {'kept', found[2], redis.call('HGET', KEYS[1], 'a')} end
return {'not_kept', found[2]}`;

const RENEW = `
local found = redis.call('HMGET', KEYS[1], 'o', 's')
if found[1] == ARGV[1] and found[2] == 'running' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;

const KEEP = `
local owner = redis.call('HGET', KEYS[1], 'o')
if owner and owner ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'f', ARGV[1], 'o', ARGV[2], 's', ARGV[3])
if ARGV[3] == 'kept' then redis.call('HSET', KEYS[1], 'a', ARGV[5]) else redis.call('HDEL', KEYS[1], 'a') end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`;

const RELEASE = `
local found = redis.call('HMGET', KEYS[1], 'o', 's')
if found[1] == ARGV[1] and found[2] == 'running' then redis.call('DEL', KEYS[1]) end
return 0`;

/**
 * Claims of all gateways that share a Redis; one script on one key each. On a connection of its own, where a large answer
 * holds up no limit. Nothing is queued while Redis is away.
 */
export class RedisClaims implements ClaimStore {
  private readonly redis: Redis;

  constructor(url: string) {
    this.redis = new Redis(url, {
      lazyConnect: true,
      protocol: 2,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      retryStrategy: (attempt) => Math.min(RECONNECT_MAX_MS, attempt * 50),
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    // Whether Redis is there is the limits' to report.
    this.redis.on('error', () => undefined);
    this.redis.connect().catch(() => undefined);
  }

  async claim(ask: ClaimAsk): Promise<ClaimAnswer> {
    const { slot, fingerprint, owner } = ask;
    try {
      return answerOf(await this.run(CLAIM, slot, [fingerprint, owner, String(LEASE_MS)]));
    } catch (error) {
      // Given up, the claim may be made all the same, and would stand in the way of the next try.
      this.release(ask).catch(() => undefined);
      throw error;
    }
  }

  async renew({ slot, owner }: ClaimAsk): Promise<void> {
    await this.run(RENEW, slot, [owner, String(LEASE_MS)]);
  }

  async keep({ slot, fingerprint, owner }: ClaimAsk, sealed: Buffer | null, keepMs: number): Promise<void> {
    const how = [fingerprint, owner, sealed === null ? 'not_kept' : 'kept', String(keepMs)];
    await this.run(KEEP, slot, sealed === null ? how : [...how, sealed]);
  }

  async release({ slot, owner }: ClaimAsk): Promise<void> {
    await this.run(RELEASE, slot, [owner]);
  }

  whenReady(timeoutMs: number): Promise<void> {
    if (this.redis.status === 'ready') return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.redis.off('ready', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.redis.on('ready', done);
    });
  }

  close(): void {
    this.redis.disconnect();
  }

  private run(lua: string, slot: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.redis.callBuffer('EVAL', lua, 1, PREFIX + slot, ...args);
  }
}

function answerOf(reply: unknown): ClaimAnswer {
  if (!Array.isArray(reply) || !reply.every((part) => Buffer.isBuffer(part))) throw unreadable();
  const [outcome, owner, sealed] = reply;
  switch (outcome?.toString()) {
    case 'claimed':
      return { outcome: 'claimed' };
    case 'running':
      return { outcome: 'running' };
    case 'mismatch':
      return { outcome: 'mismatch' };
    case 'kept':
      if (owner === undefined || sealed === undefined) throw unreadable();
      return { outcome: 'kept', owner: owner.toString(), sealed };
    case 'not_kept':
      if (owner === undefined) throw unreadable();
      return { outcome: 'not_kept', owner: owner.toString() };
    default:
      throw unreadable();
  }
}

function unreadable(): Error {
  return new Error('Redis answered a claim with something else');
}
