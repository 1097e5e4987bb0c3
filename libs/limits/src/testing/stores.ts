import { Redis } from 'ioredis';
import { startRedis } from '../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../test/testing/redis.js';
import { chargesOf } from '../charges.js';
import { decisionOf } from '../decision.js';
import { LocalStore } from '../local/local-store.js';
import { Connection } from '../redis/connection.js';
import { RedisStore } from '../redis/redis-store.js';
import { scriptsWith } from '../redis/scripts.js';
import type { Actual, Decision, Limit, LimitState, ReserveRequest, SpendFloor } from '../types.js';

/** A Wednesday noon. Ahead of any real clock: Redis drops the keys of windows that ended by its own. */
export const NOON_MS = Date.UTC(2096, 1, 29, 12);

/** A store under test, with a clock that stands still until it is moved. Everything happens in the group `acme`. */
export interface StoreUnderTest {
  nowMs(): number;
  /** Moves the clock, back as well. */
  setClock(nowMs: number): Promise<void>;
  reserve(id: string, request: Pick<ReserveRequest, 'limits' | 'demand'>, group?: string): Promise<Decision>;
  settle(id: string, actual: Actual): Promise<void>;
  release(id: string): Promise<void>;
  renew(id: string): Promise<void>;
  look(limits: readonly Limit[], group?: string): Promise<readonly LimitState[]>;
  raiseSpend(floors: readonly SpendFloor[]): Promise<number>;
  stop(): Promise<void>;
}

/** Opens a store that knows nothing yet. */
export type StoreOpener = () => Promise<StoreUnderTest>;

const GROUP = 'acme';

export async function openLocalStore(): Promise<StoreUnderTest> {
  let nowMs = NOON_MS;
  const store = new LocalStore(() => nowMs);
  return {
    nowMs: () => nowMs,
    setClock: async (to) => {
      nowMs = to;
    },
    reserve: async (id, request, group = GROUP) => {
      const charges = chargesOf({ ...request, id, group });
      return decisionOf(charges, store.reserve({ id, group }, charges));
    },
    settle: async (id, actual) => store.settle({ id, group: GROUP }, actual),
    release: async (id) => store.release({ id, group: GROUP }),
    renew: async (id) => store.renew({ id, group: GROUP }),
    look: async (limits, group = GROUP) => store.look(group, limits),
    raiseSpend: async (floors) => store.raiseSpend(GROUP, floors),
    stop: async () => {},
  };
}

const CLOCK_KEY = 'test:clock';
/** Reads the time from a key that the test writes. */
const TEST_CLOCK = `local now = tonumber(redis.call('GET', '${CLOCK_KEY}'))\n`;

/** One server for a suite; each store opened on it finds it empty. */
export class RedisStores {
  private constructor(
    readonly server: TestRedis,
    readonly control: Redis,
  ) {}

  static async start(args: readonly string[] = []): Promise<RedisStores> {
    const server = await startRedis(args);
    return new RedisStores(server, new Redis(server.url));
  }

  /** `clock` replaces the lines of the scripts that tell the time, and need not follow `setClock`. */
  async open(clock = TEST_CLOCK): Promise<StoreUnderTest> {
    await this.control.flushall();
    const connection = await connect(this.server.url);
    const store = new RedisStore(connection, scriptsWith(clock));
    let nowMs = 0;
    const setClock = async (to: number): Promise<void> => {
      nowMs = to;
      await this.control.set(CLOCK_KEY, to);
    };
    await setClock(NOON_MS);
    return {
      nowMs: () => nowMs,
      setClock,
      reserve: async (id, request, group = GROUP) => {
        const charges = chargesOf({ ...request, id, group });
        return decisionOf(charges, await store.reserve({ id, group }, charges));
      },
      settle: (id, actual) => store.settle({ id, group: GROUP }, actual),
      release: (id) => store.release({ id, group: GROUP }),
      renew: (id) => store.renew(GROUP, [id]),
      look: (limits, group = GROUP) => store.look(group, limits),
      raiseSpend: (floors) => store.raiseSpend(GROUP, floors),
      stop: async () => connection.close(),
    };
  }

  async stop(): Promise<void> {
    this.control.disconnect();
    await this.server.stop();
  }
}

/** A connection that is ready and more patient than a gateway's: a busy machine is no failing test. */
export async function connect(url: string): Promise<Connection> {
  const connection = new Connection({ url, timeoutMs: 10_000, random: () => 0 });
  await new Promise<void>((resolve) => {
    connection.open({ ready: resolve, lost: () => undefined, failed: () => undefined });
  });
  return connection;
}
