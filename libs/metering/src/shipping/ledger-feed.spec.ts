import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { usageRecord } from '../ledger/record.fixture.js';
import type { UsageRecord } from '../record.js';
import { temporaryFolder, until } from '../testing/folder.js';
import { AwayError, MemoryLedger } from '../testing/memory-ledger.js';
import { LedgerFeed } from './ledger-feed.js';
import type { ShipperEvent } from './shipper-event.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_none, index) => index + 1);

describe('feeding the ledger', () => {
  const folder = temporaryFolder();
  let ledger: MemoryLedger;
  let feed: LedgerFeed;
  let events: ShipperEvent[];
  let settled: number[];
  const setAsideFile = (): string => join(folder(), 'ledger-dead.ndjson');

  beforeEach(() => {
    ledger = new MemoryLedger();
    events = [];
    settled = [];
    feed = new LedgerFeed({
      ledger,
      isAway: (error) => error instanceof AwayError,
      onEvent: (event) => events.push(event),
      setAsideFile: setAsideFile(),
      nowMs: () => performance.now(),
    });
  });
  afterEach(() => {
    feed.stop();
  });

  function add(...numbers: number[]): void {
    for (const number of numbers) feed.add(usageRecord(number), () => settled.push(number));
  }
  const refuse = (...numbers: number[]): ((records: readonly UsageRecord[]) => void) => {
    const ids = new Set(numbers.map((number) => usageRecord(number).id));
    return (records) => {
      if (records.some(({ id }) => ids.has(id))) throw new RangeError('value out of range');
    };
  };

  it('takes what is added together in one batch, and says when the ledger has it', async () => {
    add(1, 2, 3);
    await feed.drained();

    expect(ledger.batches).toEqual([3]);
    expect(settled).toEqual([1, 2, 3]);
    expect(feed.status).toMatchObject({ pending: 0, inserted: 3, duplicates: 0, oldestPendingMs: 0 });
  });

  it('has one batch under way at a time, of 500 at most, and gathers in the meantime', async () => {
    let proceed = (): void => {};
    ledger.before = () => new Promise((resolve) => (proceed = resolve));
    add(1);
    await until(() => ledger.batches.length === 1);
    add(...upTo(701).slice(1));
    expect(ledger.batches).toEqual([1]);
    ledger.before = () => undefined;
    proceed();
    await feed.drained();

    expect(ledger.batches).toEqual([1, 500, 200]);
    expect(settled).toEqual(upTo(701));
  });

  it('counts what the ledger had already, and takes a record once however often it is added', async () => {
    add(1);
    await feed.drained();
    add(1);
    await feed.drained();
    add(2, 2);
    await feed.drained();

    expect(feed.status).toMatchObject({ inserted: 2, duplicates: 1 });
    expect(settled).toEqual([1, 1, 2, 2]);
  });

  it('finds a record until the ledger has it', async () => {
    add(1);
    expect(feed.find(usageRecord(1).id)).toEqual(usageRecord(1));
    await feed.drained();
    expect(feed.find(usageRecord(1).id)).toBeNull();
  });

  it('keeps everything while the ledger is away, and says so once', async () => {
    ledger.before = () => {
      throw new AwayError('connection refused');
    };
    add(1, 2);
    await expect(feed.drained()).rejects.toThrow('connection refused');
    await expect(feed.drained()).rejects.toThrow('connection refused');
    expect(feed.status).toMatchObject({ pending: 2, isLedgerAway: true });
    expect(settled).toEqual([]);

    ledger.before = () => undefined;
    await feed.drained();
    expect(settled).toEqual([1, 2]);
    await until(() => !feed.status.isLedgerAway);
    expect(events.map(({ type }) => type)).toEqual(['ledger_away', 'ledger_back']);
  });

  it('tries smaller batches with a ledger that went away, and larger ones again when it takes them', async () => {
    const limit = 130;
    ledger.before = (records) => {
      if (records.length > limit) throw new AwayError('statement timeout');
    };
    add(...upTo(600));
    await until(() => feed.status.pending === 0);

    expect(ledger.batches.slice(0, 4)).toEqual([500, 250, 125, 250]);
    expect(settled).toHaveLength(600);
  });

  it('counts a batch as it is when the ledger took it and lost the answer', async () => {
    let losses = 1;
    ledger.after = () => {
      if (losses-- > 0) throw new AwayError('connection reset');
    };
    add(1, 2);
    await until(() => feed.status.pending === 0);

    expect(ledger.numbers).toEqual([1, 2]);
    expect(feed.status).toMatchObject({ inserted: 0, duplicates: 2 });
  });

  it.each([[[1]], [[500]], [[250, 251]], [[7, 99, 100, 499]], [upTo(9)]])(
    'sets aside exactly what the ledger refuses: %j',
    async (bad) => {
      ledger.before = refuse(...bad);
      add(...upTo(500));
      await feed.drained();

      expect(ledger.numbers).toEqual(upTo(500).filter((number) => !bad.includes(number)));
      expect(ledger.aside).toEqual(
        bad.map((number) => ({ record: JSON.stringify(usageRecord(number)), reason: 'value out of range' })),
      );
      const lines = readFileSync(setAsideFile(), 'utf8').trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual(
        ledger.aside.map(({ record, reason }) => ({ reason, record })),
      );
      expect(new Set(settled)).toEqual(new Set(upTo(500)));
      expect(feed.status.setAside).toBe(bad.length);
      expect(events).toEqual(
        bad.map((number) => ({ type: 'set_aside', id: usageRecord(number).id, reason: 'value out of range' })),
      );
    },
  );

  it('sets aside an entry that is no record, as it stands', async () => {
    feed.addUnreadable('{"finish":{}}', () => settled.push(0));
    add(1);
    await feed.drained();

    expect(ledger.aside).toEqual([{ record: '{"finish":{}}', reason: 'not a usage record' }]);
    expect(settled).toEqual([1, 0]);
  });

  it('calls nothing settled that the ledger neither takes nor sets aside, and goes on with the others', async () => {
    ledger.before = refuse(1);
    ledger.beforeSetAside = () => {
      throw new Error('no such table');
    };
    add(1, 2, 3);
    await until(() => ledger.records.size === 2);
    expect(settled).toEqual([2, 3]);
    expect(feed.status).toMatchObject({ pending: 1, setAside: 0, isLedgerAway: true });

    ledger.beforeSetAside = () => undefined;
    await until(() => feed.status.pending === 0);
    expect(settled).toEqual([2, 3, 1]);
    expect(readFileSync(setAsideFile(), 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  it('goes away in the middle of a search for what the ledger refuses, and loses nothing', async () => {
    let tries = 0;
    const refuseSome = refuse(3, 8);
    ledger.before = (records) => {
      tries += 1;
      if (tries === 3 || tries === 7) throw new AwayError('connection reset');
      refuseSome(records);
    };
    add(...upTo(10));
    await until(() => feed.status.pending === 0);

    expect(ledger.numbers).toEqual([1, 2, 4, 5, 6, 7, 9, 10]);
    expect(feed.status.setAside).toBe(2);
  });

  it('has no more room at twenty thousand', () => {
    ledger.before = () => {
      throw new AwayError('connection refused');
    };
    add(...upTo(19_999));
    expect(feed.hasRoom).toBe(true);
    add(20_000);
    expect(feed.hasRoom).toBe(false);
  });

  it('lets nobody wait when it stops', async () => {
    ledger.before = () => new Promise(() => undefined);
    add(1);
    const drained = feed.drained();
    feed.stop();

    await expect(drained).rejects.toThrow('shipping has stopped');
    await expect(feed.drained()).rejects.toThrow('shipping has stopped');
  });
});
