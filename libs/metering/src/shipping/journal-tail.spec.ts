import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../journal/journal.js';
import { usageRecord } from '../ledger/record.fixture.js';
import { temporaryFolder } from '../testing/folder.js';
import { readSegment, segmentFiles } from '../testing/read-journal.js';
import { JournalTail } from './journal-tail.js';

describe('following a journal', () => {
  const folder = temporaryFolder();
  let journal: Journal;
  let tail: JournalTail;
  let settlements: (() => void)[];
  let finished: number[];
  let orphans: number[];

  beforeEach(() => {
    settlements = [];
    finished = [];
    orphans = [];
    journal = Journal.open({
      directory: directory(),
      durability: 'process',
      segmentBytes: 4_000,
      onFault: (error) => {
        throw error;
      },
    });
    const taking =
      (numbers: number[]) =>
      ({ id }: { readonly id: string }, settled: () => void): void => {
        numbers.push(Number.parseInt(id, 16));
        settlements.push(settled);
      };
    const sink = {
      finished: taking(finished),
      orphaned: taking(orphans),
      unreadable: () => undefined,
      damaged: () => undefined,
      hasRoom: () => true,
    };
    tail = new JournalTail(sink, () => 0);
  });
  afterEach(async () => {
    await tail.close();
    await journal.close();
  });
  const directory = (): string => join(folder(), 'worker-1');
  const files = (): string[] => segmentFiles(directory());

  const begin = (number: number): Promise<unknown> =>
    new Promise((resolve) => {
      journal.begin(usageRecord(number, { status: 'orphaned' }), resolve);
    });
  const finish = (number: number): Promise<unknown> =>
    new Promise((resolve) => {
      journal.finish(usageRecord(number), resolve);
    });
  let next = 1_000;
  async function fillSegments(count: number): Promise<void> {
    const enough = files().length + count;
    while (files().length < enough) await finish(next++);
  }

  it('takes no request for a running one whose end another process shipped and removed', async () => {
    await begin(1);
    await begin(2);
    await tail.read(directory(), false);
    await finish(1);
    await fillSegments(2);
    const [first, second] = files();
    const gone = [first!, second!].map((name) => join(directory(), name));
    expect((await readSegment(gone[0]!)).payloads.join()).toContain('"finish"');
    for (const path of gone) rmSync(path);
    await tail.read(directory(), true);

    expect(tail.orphanRunning()).toBe(1);
    expect(orphans).toEqual([2]);
  });

  it('removes segments from the oldest on, as far as they are settled', async () => {
    await fillSegments(3);
    const before = files();
    await tail.read(directory(), false);
    const settleIn = (segment: string, at: number): Promise<void> =>
      readSegment(join(directory(), segment)).then(({ payloads }) => {
        const count = payloads.filter((payload) => payload.startsWith('{"finish"')).length;
        for (const settled of settlements.splice(at, count)) settled();
      });
    const countOfFirst = (await readSegment(join(directory(), before[0]!))).payloads.length;
    // The second one's alone: the first stays, and so does the second.
    await settleIn(before[1]!, countOfFirst);
    await tail.prune(directory());
    expect(files()).toEqual(before);

    await settleIn(before[0]!, 0);
    await tail.prune(directory());
    expect(files()).toEqual(before.slice(2));
  });

  it('never removes the segment that is written', async () => {
    await finish(1);
    await tail.read(directory(), false);
    for (const settled of settlements) settled();
    await tail.prune(directory());

    expect(files()).toEqual(['00000001.journal']);
    expect(tail.isSettled).toBe(true);
  });

  it('tells each request once, however often it looks', async () => {
    for (let number = 1; number <= 30; number++) {
      await finish(number);
      await tail.read(directory(), false);
      await tail.read(directory(), false);
    }
    expect(finished).toEqual(Array.from({ length: 30 }, (_none, index) => index + 1));
  });
});
