import { Redis } from 'ioredis';
import { startRedis } from '../../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../../test/testing/redis.js';
import { LEASE_MS } from './claim-store.js';
import type { ClaimAsk, ClaimStore } from './claim-store.js';
import { LocalClaims } from './local-claims.js';
import { RedisClaims } from './redis-claims.js';

let redis: TestRedis;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

let count = 0;
const slot = (): string => (count += 1).toString(16).padStart(64, '0');
const asked = (fields: Partial<ClaimAsk> = {}): ClaimAsk => ({
  slot: slot(),
  fingerprint: 'f'.repeat(64),
  owner: 'a'.repeat(32),
  ...fields,
});
const sealed = Buffer.from([0, 255, 10, 13, 128]);

const STORES: readonly (readonly [string, () => ClaimStore])[] = [
  ['of one process', () => new LocalClaims(1_000_000)],
  ['in Redis', () => new RedisClaims(redis.url)],
];

describe.each(STORES)('claims %s', (_name, open) => {
  let store: ClaimStore;
  beforeAll(async () => {
    store = open();
    await store.whenReady(10_000);
  });
  afterAll(() => {
    store.close();
  });

  it('are given to the first, and to the first again, and refuse the same request while it runs', async () => {
    const first = asked();
    expect(await store.claim(first)).toEqual({ outcome: 'claimed' });
    expect(await store.claim(first)).toEqual({ outcome: 'claimed' });
    expect(await store.claim({ ...first, owner: 'b' })).toEqual({ outcome: 'running' });
  });

  it('know another request, running or answered', async () => {
    const first = asked();
    await store.claim(first);
    const other = { ...first, fingerprint: 'e'.repeat(64), owner: 'b' };
    expect(await store.claim(other)).toEqual({ outcome: 'mismatch' });
    await store.keep(first, sealed, 60_000);
    expect(await store.claim(other)).toEqual({ outcome: 'mismatch' });
  });

  it('answer with what was kept, byte for byte, and with whose it is', async () => {
    const first = asked();
    await store.claim(first);
    await store.keep(first, sealed, 60_000);
    const again = await store.claim({ ...first, owner: 'b' });
    expect(again).toEqual({ outcome: 'kept', owner: first.owner, sealed });
  });

  it('remember that a request was answered where its answer was not kept', async () => {
    const first = asked();
    await store.claim(first);
    await store.keep(first, null, 60_000);
    expect(await store.claim({ ...first, owner: 'b' })).toEqual({ outcome: 'not_kept', owner: first.owner });
  });

  it('are free again once released, by their owner only, and only while they run', async () => {
    const first = asked();
    const other = { ...first, owner: 'b' };
    await store.claim(first);
    await store.release(other);
    expect(await store.claim(other)).toEqual({ outcome: 'running' });
    await store.release(first);
    expect(await store.claim(other)).toEqual({ outcome: 'claimed' });
    await store.keep(other, sealed, 60_000);
    await store.release(other);
    expect(await store.claim(first)).toMatchObject({ outcome: 'kept' });
  });

  it('keep nothing over the claim of another, and keep where nobody has one', async () => {
    const lost = asked();
    const other = { ...lost, owner: 'b' };
    await store.claim(other);
    await store.keep(lost, sealed, 60_000);
    expect(await store.claim(lost)).toEqual({ outcome: 'running' });
    await store.release(other);
    await store.keep(lost, sealed, 60_000);
    expect(await store.claim(other)).toMatchObject({ outcome: 'kept', owner: lost.owner });
  });

  it('forget an answer after its time', async () => {
    const first = asked();
    await store.claim(first);
    await store.keep(first, sealed, 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await store.claim({ ...first, owner: 'b' })).toEqual({ outcome: 'claimed' });
  });

  it('are given once to many that ask at once', async () => {
    const first = asked();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => store.claim({ ...first, owner: String(index) })),
    );
    expect(answers.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'running')).toHaveLength(199);
  });
});

describe('claims of one process', () => {
  it('end with their lease unless they are renewed', async () => {
    let nowMs = 0;
    const store = new LocalClaims(1_000_000, () => nowMs);
    const first = asked();
    await store.claim(first);
    nowMs = LEASE_MS - 1;
    await store.renew(first);
    nowMs = LEASE_MS + 1;
    expect(await store.claim({ ...first, owner: 'b' })).toEqual({ outcome: 'running' });
    nowMs = 2 * LEASE_MS;
    expect(await store.claim({ ...first, owner: 'b' })).toEqual({ outcome: 'claimed' });
  });

  it('stay within their memory: the answers used least recently go first, and that they were given is remembered', async () => {
    const store = new LocalClaims(100_000);
    const asks = Array.from({ length: 20 }, () => asked());
    const [oldest] = asks as [ClaimAsk];
    for (const ask of asks) {
      await store.claim(ask);
      await store.keep(ask, Buffer.alloc(20_000), 60_000);
      await store.claim(oldest);
      expect(store.bytes).toBeLessThanOrEqual(100_000);
    }
    const outcomes = await Promise.all(asks.map(async (ask) => (await store.claim(ask)).outcome));
    expect(outcomes[0]).toBe('kept');
    expect(outcomes.filter((outcome) => outcome === 'kept')).toHaveLength(4);
    expect(outcomes.filter((outcome) => outcome === 'not_kept')).toHaveLength(16);
  });

  it('stay within their memory however many requests were answered without keeping the answer', async () => {
    const store = new LocalClaims(100_000);
    const asks = Array.from({ length: 200 }, () => asked());
    for (const ask of asks) await store.keep(ask, null, 60_000);
    const outcomes = await Promise.all(asks.map(async (ask) => (await store.claim(ask)).outcome));
    expect(outcomes.filter((outcome) => outcome === 'not_kept').length).toBeLessThanOrEqual(49);
    expect(outcomes.at(-1)).toBe('not_kept');
  });
});

describe('claims in Redis', () => {
  it('have a lease, which a renewal makes whole again, and an answer has its time', async () => {
    const store = new RedisClaims(redis.url);
    await store.whenReady(10_000);
    const first = asked();
    const key = `switchyard:idempotency:${first.slot}`;
    await store.claim(first);
    expect(await client.pttl(key)).toBeGreaterThan(LEASE_MS / 2);
    await client.pexpire(key, 1_000);
    await store.renew({ ...first, owner: 'b' });
    expect(await client.pttl(key)).toBeLessThanOrEqual(1_000);
    await store.renew(first);
    expect(await client.pttl(key)).toBeGreaterThan(LEASE_MS / 2);
    await store.keep(first, sealed, 3_600_000);
    expect(await client.pttl(key)).toBeGreaterThan(3_000_000);
    store.close();
  });

  it('are refused while Redis is away or stands still, and a claim given up is released once it is back', async () => {
    const own = await startRedis();
    const store = new RedisClaims(own.url);
    await store.whenReady(10_000);
    const first = asked();
    own.signal('SIGSTOP');
    await expect(store.claim(first)).rejects.toThrow();
    own.signal('SIGCONT');
    const other = { ...first, owner: 'b' };
    await untilTrue(async () => (await store.claim(other).catch(() => null))?.outcome === 'claimed');
    own.signal('SIGKILL');
    await expect(store.claim(asked())).rejects.toThrow();
    store.close();
    await own.stop();
  });
});

async function untilTrue(isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error('it never became true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
