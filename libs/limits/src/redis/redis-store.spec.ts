import { leasesKey, limitKey, reservationPrefix } from '../limit-key.js';
import { describeStore } from '../testing/conformance.js';
import { storeFollowsModel } from '../testing/model.js';
import { demandOf, limitOf, requestOf } from '../testing/requests.js';
import { RedisStores } from '../testing/stores.js';
import { until } from '../testing/until.js';
import { REDIS_CLOCK } from './script-library.js';

let stores: RedisStores;

beforeAll(async () => {
  stores = await RedisStores.start();
});

afterAll(async () => {
  await stores.stop();
});

describeStore('the store in Redis', () => stores.open());

const LIMITS = [
  limitOf('requests', 100),
  limitOf('input_tokens', 1_000),
  limitOf('concurrency', 10),
  limitOf('budget_day', 1_000),
  limitOf('budget_total', 1_000),
];
const REQUEST = requestOf(LIMITS, { inputTokens: 10, costNanoUsd: 100 });

/** How often clients called each command; calls that scripts made are marked by Redis and left out. */
async function commandsDuring(act: () => Promise<unknown>): Promise<string[]> {
  const monitor = await stores.control.monitor();
  const seen: string[] = [];
  const end = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (args[1] === 'end of test') resolve();
      else if (source !== 'lua') seen.push(args[0]!);
    });
  });
  await act();
  await stores.control.echo('end of test');
  await end;
  monitor.disconnect();
  return seen;
}

describe('the store in Redis', () => {
  it('answers as a count over all reservations would, whatever happens in whatever order', async () => {
    await storeFollowsModel(() => stores.open(), 25);
  }, 60_000);

  it('takes one round trip for a reservation of every dimension, and one for its settlement', async () => {
    const store = await stores.open();
    await store.reserve('warm', REQUEST);
    await store.settle('warm', demandOf());

    const commands = await commandsDuring(async () => {
      await store.reserve('a', REQUEST);
      await store.settle('a', demandOf());
    });
    expect(commands).toEqual(['evalsha', 'evalsha']);
    await store.stop();
  });

  it('teaches Redis a script that it does not know, once', async () => {
    const store = await stores.open();
    await stores.control.script('FLUSH');

    const commands = await commandsDuring(async () => {
      for (const id of ['a', 'b']) expect((await store.reserve(id, REQUEST)).granted).toBe(true);
    });
    expect(commands).toEqual(['evalsha', 'eval', 'evalsha']);
    await store.stop();
  });

  it('leaves nothing behind for ever but the budgets that never end', async () => {
    const store = await stores.open();
    await store.reserve('a', REQUEST);
    await store.reserve('b', REQUEST);
    await store.settle('a', demandOf({ costNanoUsd: 5 }));
    await store.release('b');

    const keys = (await stores.control.keys('switchyard:*')).sort();
    const lasting = [];
    for (const key of keys) if ((await stores.control.pttl(key)) === -1) lasting.push(key);
    expect(lasting).toEqual([limitKey('acme', LIMITS[4]!)]);
    expect(keys).not.toContain(leasesKey('acme'));
    await store.stop();
  });

  it('keeps a running reservation until somebody clears it away, and a lapsed one for its recovery', async () => {
    const store = await stores.open();
    await store.reserve('a', REQUEST);
    const key = `${reservationPrefix('acme')}a`;
    expect(await stores.control.pttl(key)).toBe(-1);

    await store.setClock(store.nowMs() + 60_000);
    await store.reserve('b', REQUEST);
    expect(await stores.control.pttl(key)).toBeGreaterThan(47 * 3_600_000);
    await store.renew('a');
    expect(await stores.control.pttl(key)).toBe(-1);
    await store.stop();
  });
});

describe('the store in a Redis Cluster', () => {
  let cluster: RedisStores;

  beforeAll(async () => {
    cluster = await RedisStores.start(['--cluster-enabled', 'yes']);
    await cluster.control.cluster('ADDSLOTSRANGE', 0, 16_383);
    await until('the cluster is formed', async () =>
      (await cluster.control.cluster('INFO')).includes('cluster_state:ok'),
    );
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('keeps all of a group in one slot, and groups in different ones', async () => {
    const slotsOf = async (group: string): Promise<Set<unknown>> => {
      const keys = [
        leasesKey(group),
        `${reservationPrefix(group)}some-id`,
        ...LIMITS.map((limit) => limitKey(group, limit)),
        limitKey(group, limitOf('requests', 1, { owner: '{other}' })),
      ];
      return new Set(await Promise.all(keys.map((key) => cluster.control.cluster('KEYSLOT', key))));
    };
    const slots = await Promise.all(['acme', 'other', 'credential/main', '', '}{', 'a}b'].map(slotsOf));
    expect(slots.map(({ size }) => size)).toEqual(slots.map(() => 1));
    expect(new Set(slots.map((own) => [...own][0])).size).toBe(slots.length);
  });

  it('works where Redis itself forbids a script to leave its slot', async () => {
    const leaving = await cluster.open(`#!lua\nlocal now = redis.call('GET', 'elsewhere')`);
    await expect(leaving.reserve('a', REQUEST)).rejects.toMatchObject({ kind: 'other' });
    await leaving.stop();

    const store = await cluster.open(`#!lua${REDIS_CLOCK}`);
    for (const group of ['acme', 'credential/main']) {
      expect(await store.reserve('a', REQUEST, group)).toMatchObject({ granted: true });
      expect((await store.look(LIMITS, group)).map(({ remaining }) => remaining)).toEqual([99, 990, 9, 900, 900]);
    }
    await store.renew('a');
    await store.settle('a', demandOf({ costNanoUsd: 1 }));
    expect(await store.raiseSpend([{ limit: LIMITS[4]!, nanoUsd: 500, atMs: 0 }])).toBe(499);
    await store.stop();
  });
});
