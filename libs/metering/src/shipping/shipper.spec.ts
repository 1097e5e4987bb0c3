import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Journal } from '../journal/journal.js';
import { OWNER_FILE } from '../journal/owner.js';
import { ownIdentity } from '../journal/process-identity.js';
import { usageRecord } from '../ledger/record.fixture.js';
import type { UsageRecord } from '../record.js';
import { temporaryFolder, until } from '../testing/folder.js';
import { AwayError, MemoryLedger } from '../testing/memory-ledger.js';
import { segmentFiles } from '../testing/read-journal.js';
import { Shipper } from './shipper.js';
import type { ShipperEvent } from './shipper-event.js';

const running = (number: number): UsageRecord => usageRecord(number, { status: 'orphaned', costNanoUsd: 0 });

describe('shipping', () => {
  let ledger: MemoryLedger;
  let events: ShipperEvent[];
  let orphans: UsageRecord[];
  let finished: number[];
  const shippers: Shipper[] = [];
  const journals: Journal[] = [];

  beforeEach(() => {
    ledger = new MemoryLedger();
    events = [];
    orphans = [];
    finished = [];
  });
  afterEach(async () => {
    ledger.before = () => undefined;
    await Promise.all(journals.splice(0).map((journal) => journal.close()));
    await Promise.all(shippers.splice(0).map((shipper) => shipper.stop()));
  });

  const folder = temporaryFolder();
  const root = (): string => join(folder(), 'journal');
  const directory = (name: string): string => join(root(), name);

  function ship(nowMs = (): number => performance.now()): Shipper {
    const shipper = new Shipper({
      root: root(),
      ledger,
      isAway: (error) => error instanceof AwayError,
      onOrphan: (record) => orphans.push(record),
      onFinished: (record) => finished.push(Number.parseInt(record.id, 16)),
      onEvent: (event) => events.push(event),
      pollMs: 5,
      nowMs,
    });
    shipper.start();
    shippers.push(shipper);
    return shipper;
  }

  function open(name = 'worker-1', segmentBytes = 4_000): Journal {
    const journal = Journal.open({
      directory: directory(name),
      durability: 'process',
      segmentBytes,
      onFault: (error) => {
        throw error;
      },
    });
    journals.push(journal);
    return journal;
  }

  const begin = (journal: Journal, number: number): Promise<Error | null> =>
    new Promise((resolve) => {
      journal.begin(running(number), resolve);
    });
  const finish = (journal: Journal, number: number): Promise<Error | null> =>
    new Promise((resolve) => {
      journal.finish(usageRecord(number), resolve);
    });
  async function serve(journal: Journal, ...numbers: number[]): Promise<void> {
    for (const number of numbers) {
      await begin(journal, number);
      await finish(journal, number);
    }
  }

  /** As if the process had been killed: its files stay as they are, and its owner is one that is not there. */
  function kill(name: string): void {
    const path = join(directory(name), OWNER_FILE);
    writeFileSync(path, JSON.stringify({ ...ownIdentity(), startTime: '1' }));
  }

  it('has in the ledger what was written before it was asked to flush', async () => {
    const journal = open();
    const shipper = ship();
    for (let number = 1; number <= 50; number++) {
      await serve(journal, number);
      await shipper.flush();
      expect(ledger.numbers.at(-1)).toBe(number);
    }
    expect(ledger.records.get(usageRecord(7).id)).toEqual(usageRecord(7));
    expect(shipper.status).toMatchObject({ pending: 0, inserted: 50, duplicates: 0, orphans: 0, damaged: 0 });
  });

  it('ships without being asked', async () => {
    const journal = open();
    ship();
    await serve(journal, 1);
    await until(() => ledger.records.size === 1);
    expect(ledger.numbers).toEqual([1]);
  });

  it('flushes more than it keeps in memory', async () => {
    const journal = open('worker-1', 16_000_000);
    const numbers = Array.from({ length: 25_000 }, (_none, index) => index);
    await Promise.all(numbers.map((number) => finish(journal, number)));
    const shipper = ship();
    await shipper.flush();

    expect(ledger.records.size).toBe(25_000);
  });

  it('keeps no segment whose requests are all in the ledger, however long one runs', async () => {
    const journal = open();
    const shipper = ship();
    await begin(journal, 1);
    for (let number = 2; number < 100; number++) {
      await serve(journal, number);
      await shipper.flush();
    }
    await until(() => segmentFiles(directory('worker-1')).length === 1);
    expect(segmentFiles(directory('worker-1'))).not.toContain('00000001.journal');

    kill('worker-1');
    await until(() => ledger.records.size === 99);
    expect(orphans).toEqual([running(1)]);
  });

  it('keeps every segment while the ledger is away, and refuses to flush', async () => {
    ledger.before = () => {
      throw new AwayError('connection refused');
    };
    const journal = open();
    const shipper = ship();
    for (let number = 1; number < 30; number++) await serve(journal, number);
    await expect(shipper.flush()).rejects.toThrow('connection refused');
    expect(segmentFiles(directory('worker-1'))[0]).toBe('00000001.journal');
    expect(segmentFiles(directory('worker-1')).length).toBeGreaterThan(5);
    expect(shipper.runningRecord(usageRecord(9).id)).toEqual(usageRecord(9));

    ledger.before = () => undefined;
    await shipper.flush();
    expect(ledger.records.size).toBe(29);
    await until(() => segmentFiles(directory('worker-1')).length === 1);
    expect(shipper.runningRecord(usageRecord(9).id)).toBeNull();
  });

  it('removes the journal of a process that closed it', async () => {
    const journal = open();
    const shipper = ship();
    await serve(journal, 1, 2);
    await journal.close();
    await until(() => events.length > 0);

    expect(readdirSync(root())).toEqual([]);
    expect(ledger.numbers).toEqual([1, 2]);
    expect(orphans).toEqual([]);
    expect(events).toEqual([{ type: 'recovered', journal: 'worker-1', orphans: 0 }]);
    expect(shipper.status.orphans).toBe(0);
  });

  it('makes orphans of what a dead process had begun, as far as it had come', async () => {
    const journal = open();
    await serve(journal, 1);
    await begin(journal, 2);
    await begin(journal, 3);
    journal.checkpoint({ ...running(3), costNanoUsd: 42, latencyMs: 1_000 });
    await begin(journal, 4);
    await finish(journal, 4);
    kill('worker-1');
    const shipper = ship();
    await until(() => events.length > 0);

    expect(readdirSync(root())).toEqual([]);
    const expected = [running(2), { ...running(3), costNanoUsd: 42, latencyMs: 1_000 }];
    expect(orphans).toEqual(expected);
    expect([2, 3].map((number) => ledger.records.get(usageRecord(number).id))).toEqual(expected);
    expect(ledger.numbers).toEqual([1, 2, 3, 4]);
    expect(shipper.status.orphans).toBe(2);
    expect(events).toEqual([{ type: 'recovered', journal: 'worker-1', orphans: 2 }]);
  });

  it('tells of what a dead process had finished, shipped or not, and of nobody who lives', async () => {
    const journal = open('worker-1', 16_000_000);
    const shipper = ship();
    await serve(journal, 1, 2);
    await shipper.flush();
    expect(finished).toEqual([]);
    await serve(journal, 3);
    await begin(journal, 4);
    kill('worker-1');
    await until(() => events.length > 0);
    expect(finished).toEqual([1, 2, 3]);
    expect(ledger.numbers.sort((left, right) => left - right)).toEqual([1, 2, 3, 4]);
  });

  it('makes orphans of what a process left running when it closed its journal', async () => {
    const journal = open();
    await begin(journal, 1);
    await journal.close();
    ship();
    await until(() => ledger.records.size === 1);

    expect(orphans).toEqual([running(1)]);
  });

  it('makes no orphan of a request that was refused after its beginning was written', async () => {
    const journal = open();
    await begin(journal, 1);
    await begin(journal, 2);
    // What a disk that refuses makes of a beginning.
    (journal as unknown as { withdraw(id: string): void }).withdraw(running(1).id);
    await journal.close();
    ship();
    await until(() => readdirSync(root()).length === 0);

    expect(orphans).toEqual([running(2)]);
  });

  it('leaves a dead process’s journal alone until the ledger has it', async () => {
    ledger.before = () => {
      throw new AwayError('connection refused');
    };
    await begin(open(), 1);
    kill('worker-1');
    const shipper = ship();
    await until(() => shipper.status.isLedgerAway);
    expect(orphans).toHaveLength(1);
    expect(readdirSync(root())).toHaveLength(1);

    ledger.before = () => undefined;
    await until(() => readdirSync(root()).length === 0);
    expect(ledger.numbers).toEqual([1]);
    expect(orphans).toHaveLength(1);
  });

  it('recovers a journal once when several look at the same folder', async () => {
    for (let index = 0; index < 5; index++) {
      const journal = open(`worker-${index}`);
      await serve(journal, index * 10);
      await begin(journal, index * 10 + 1);
      kill(`worker-${index}`);
    }
    ship();
    ship();
    ship();
    await until(() => readdirSync(root()).length === 0);

    expect(ledger.numbers).toEqual([0, 1, 10, 11, 20, 21, 30, 31, 40, 41]);
    expect(orphans.map(({ id }) => Number.parseInt(id, 16)).sort((left, right) => left - right)).toEqual([
      1, 11, 21, 31, 41,
    ]);
  });

  it('lets several follow a living process, each removing what the ledger has', async () => {
    const journal = open();
    const [one, other] = [ship(), ship()];
    await begin(journal, 1);
    for (let number = 2; number < 200; number++) await serve(journal, number);
    await one.flush();
    await other.flush();
    expect(ledger.records.size).toBe(198);

    kill('worker-1');
    await until(() => ledger.records.size === 199);
    expect(orphans).toEqual([running(1)]);
    expect(events.filter(({ type }) => type === 'fault')).toEqual([]);
  });

  it('goes on where another one stopped', async () => {
    const journal = open();
    const first = ship();
    for (let number = 1; number < 20; number++) await serve(journal, number);
    await begin(journal, 20);
    await first.stop();
    expect(ledger.records.size).toBe(19);
    for (let number = 21; number < 40; number++) await serve(journal, number);
    const second = ship();
    await finish(journal, 20);
    await second.flush();

    expect(ledger.records.size).toBe(39);
    expect(orphans).toEqual([]);
    // What was left in segments that the first one could not remove yet.
    expect(second.status.duplicates).toBeLessThan(10);
  });

  it('leaves what it cannot ship for the next start, claims included', async () => {
    ledger.before = () => {
      throw new AwayError('connection refused');
    };
    await begin(open(), 1);
    kill('worker-1');
    const first = ship();
    await until(() => orphans.length === 1);
    await first.stop();
    expect(readdirSync(root())).toEqual(['worker-1']);

    ledger.before = () => undefined;
    ship();
    await until(() => readdirSync(root()).length === 0);
    expect(ledger.numbers).toEqual([1]);
  });

  it('stops within seconds though the ledger never answers', async () => {
    ledger.before = () => new Promise(() => undefined);
    const journal = open();
    const shipper = ship();
    await serve(journal, 1);
    await until(() => ledger.batches.length === 1);
    await shipper.stop();

    expect(segmentFiles(directory('worker-1'))).toHaveLength(1);
    await expect(shipper.flush()).rejects.toThrow('shipping has stopped');
  });

  it('keeps a copy of a segment that it could not read all of, and ships the rest', async () => {
    const journal = open();
    await serve(journal, 1, 2, 3);
    const path = join(directory('worker-1'), segmentFiles(directory('worker-1'))[0]!);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(usageRecord(2).id, bytes.indexOf('"finish"', bytes.indexOf(usageRecord(2).id)));
    bytes[at]! ^= 1;
    writeFileSync(path, bytes);
    kill('worker-1');
    const shipper = ship();
    await until(() => !existsSync(directory('worker-1')) && readdirSync(root()).length === 0);

    expect(ledger.numbers).toEqual([1, 2, 3]);
    // Its end was not to be read, so that it looks like one that never came.
    expect(orphans).toEqual([running(2)]);
    expect(shipper.status.damaged).toBe(1);
    const [kept] = readdirSync(join(dirname(root()), 'journal-damaged'));
    expect(readFileSync(join(dirname(root()), 'journal-damaged', kept!))).toEqual(bytes);
  });

  it('reads a journal without an owner once it has been silent, and leaves folders of something else alone', async () => {
    await serve(open(), 1);
    renameSync(join(directory('worker-1'), OWNER_FILE), join(folder(), OWNER_FILE));
    mkdirSync(directory('died-young'));
    mkdirSync(directory('lost+found'));
    writeFileSync(join(directory('lost+found'), 'notes.txt'), 'nothing');
    writeFileSync(join(root(), 'notes.txt'), 'nothing');
    let nowMs = 0;
    const shipper = ship(() => nowMs);
    await shipper.flush();
    expect(readdirSync(root())).toEqual(expect.arrayContaining(['died-young', 'worker-1']));

    nowMs += 20_000;
    await until(() => readdirSync(root()).length === 2);
    expect(ledger.numbers).toEqual([1]);
    expect(readdirSync(root())).toEqual(['lost+found', 'notes.txt']);
    expect(readdirSync(directory('lost+found'))).toEqual(['notes.txt']);
  });
});
