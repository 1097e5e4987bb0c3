import { GatewayError } from '@switchyard/contract';
import { startRedis } from '../../../test/testing/redis.js';
import type { TestRedis } from '../../../test/testing/redis.js';
import { FailureThrottle } from './failure-throttle.js';

const FAILED = new GatewayError('authentication', 'Invalid or missing API key.');

function throttle(perMinute?: number): FailureThrottle {
  return new FailureThrottle({ salt: Buffer.from('fixed'), ...(perMinute !== undefined && { perMinute }) });
}

async function codes(attempts: number, guard: FailureThrottle, address?: string): Promise<string[]> {
  const found: string[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) found.push((await guard.answerTo(FAILED, address)).code);
  return found;
}

describe('a throttle of failed attempts', () => {
  it('answers twenty of an address as they are, and tells the next ones to wait', async () => {
    const found = await codes(25, throttle(), '192.0.2.1');

    expect(found).toEqual([...Array<string>(20).fill('authentication'), ...Array<string>(5).fill('rate_limited')]);
  });

  it('says how long to wait, at most a minute', async () => {
    const guard = throttle(0);
    const { details } = await guard.answerTo(FAILED, '192.0.2.1');

    expect(details.retryAfterS).toBeGreaterThanOrEqual(1);
    expect(details.retryAfterS).toBeLessThanOrEqual(60);
  });

  it('does not mix up addresses', async () => {
    const guard = throttle(1);

    expect(await codes(2, guard, '192.0.2.1')).toEqual(['authentication', 'rate_limited']);
    expect(await codes(1, guard, '192.0.2.2')).toEqual(['authentication']);
  });

  it.each([
    ['a /64 of IPv6', '2001:db8::1', '2001:db8:0:0:ffff:ffff:ffff:ffff', true],
    ['two writings of one address', '2001:DB8:0:1::a', '2001:0db8:0000:0001:0000:0000:0000:000a', true],
    ['an address with and without its zone', 'fe80::1', 'fe80::1%eth0', true],
    ['an IPv4 address written as IPv6', '192.0.2.1', '::ffff:192.0.2.1', true],
    ['connections that are gone', undefined, undefined, true],
    ['two /64 of IPv6', '2001:db8::1', '2001:db8:0:1::1', false],
    ['IPv4 addresses written as IPv6', '::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
    ['what is no address', 'one', 'two', false],
  ])('%s: %s and %s count together: %s', async (_case, first, second, together) => {
    const guard = throttle(1);
    await guard.answerTo(FAILED, first);

    expect((await guard.answerTo(FAILED, second)).code).toBe(together ? 'rate_limited' : 'authentication');
  });

  it('counts nothing but failed authentications', async () => {
    const guard = throttle(1);
    const lacking = new GatewayError('permission', 'This API key lacks the "admin" permission.');

    expect(await guard.answerTo(lacking, '192.0.2.1')).toBe(lacking);
    expect(await guard.answerTo(lacking, '192.0.2.1')).toBe(lacking);
    expect(await guard.answerTo(FAILED, '192.0.2.1')).toBe(FAILED);
  });
});

describe('throttles of several processes on one Redis', () => {
  let redis: TestRedis;
  const open: FailureThrottle[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    for (const guard of open) guard.close();
    await redis.stop();
  });
  const shared = async (): Promise<FailureThrottle> => {
    const guard = new FailureThrottle({ salt: Buffer.from('shared'), perMinute: 4, redisUrl: redis.url });
    open.push(guard);
    // A connection that is not there yet is no reason to wait for it.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return guard;
  };

  it('count together', async () => {
    const [one, other] = [await shared(), await shared()];

    expect(await codes(3, one, '192.0.2.7')).toEqual(Array(3).fill('authentication'));
    expect(await codes(2, other, '192.0.2.7')).toEqual(['authentication', 'rate_limited']);
    expect(await codes(2, one, '192.0.2.7')).toEqual(['rate_limited', 'rate_limited']);
    expect(await codes(1, other, '192.0.2.8')).toEqual(['authentication']);
  });

  it('count alone while Redis does not answer, and answer soon', async () => {
    const guard = await shared();
    redis.signal('SIGSTOP');
    const startMs = performance.now();
    const found = await codes(6, guard, '192.0.2.9');
    redis.signal('SIGCONT');

    expect(found).toEqual([...Array<string>(4).fill('authentication'), 'rate_limited', 'rate_limited']);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
