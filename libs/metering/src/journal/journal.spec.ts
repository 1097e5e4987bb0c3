import * as fs from 'node:fs';
import { join } from 'node:path';
import { usageRecord } from '../ledger/record.fixture.js';
import { temporaryFolder, until } from '../testing/folder.js';
import { readJournal, segmentFiles, wordsOf } from '../testing/read-journal.js';
import type { UsageRecord } from '../record.js';
import { Journal } from './journal.js';
import type { JournalOptions } from './journal.js';
import type { JournalFiles } from './segment-writer.js';

/** The file system with a hand on it. */
class FaultyFiles implements JournalFiles {
  openSync = fs.openSync;
  ftruncateSync = fs.ftruncateSync;
  writes = 0;
  /** Bytes that there is room for. */
  room = Infinity;
  /** What a sync does; by default nothing is wrong. */
  syncing: (proceed: () => void, fail: (error: Error) => void) => void = (proceed) => {
    proceed();
  };

  writeSync = ((fd: number, bytes: Buffer, offset: number, length: number, position: number): number => {
    this.writes += 1;
    if (this.room <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const count = fs.writeSync(fd, bytes, offset, Math.min(length, this.room), position);
    this.room -= count;
    return count;
  }) as typeof fs.writeSync;

  fdatasync = ((fd: number, done: (error: Error | null) => void): void => {
    this.syncing(() => {
      fs.fdatasync(fd, done);
    }, done);
  }) as unknown as typeof fs.fdatasync;
}

const running = (number: number): UsageRecord => usageRecord(number, { status: 'orphaned' });

describe('a journal', () => {
  const faults: Error[] = [];
  const opened: Journal[] = [];
  let files: FaultyFiles;

  beforeEach(() => {
    faults.length = 0;
    files = new FaultyFiles();
  });
  afterEach(async () => {
    files.room = Infinity;
    files.syncing = (proceed) => {
      proceed();
    };
    await Promise.all(opened.splice(0).map((journal) => journal.close()));
  });

  const folder = temporaryFolder();
  const directory = (): string => join(folder(), 'journal', 'worker-1');

  function open(options: Partial<JournalOptions> = {}): Journal {
    const journal = Journal.open(
      { directory: directory(), durability: 'process', onFault: (error) => faults.push(error), ...options },
      files,
    );
    opened.push(journal);
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
  const words = async (): Promise<string[]> => wordsOf(await readJournal(directory()));

  it('has what it was told in its file when it says so', async () => {
    const journal = open();
    expect(await begin(journal, 1)).toBeNull();
    expect(await words()).toEqual(['begin 1']);
    expect(await finish(journal, 1)).toBeNull();
    expect(await readJournal(directory())).toEqual([
      { type: 'begin', record: running(1) },
      { type: 'finish', record: usageRecord(1) },
    ]);
  });

  it('writes the entries of one turn at once, and answers in their order', async () => {
    const journal = open();
    files.writes = 0;
    const answers: number[] = [];
    await Promise.all([3, 1, 2].map((number) => begin(journal, number).then(() => answers.push(number))));

    expect(files.writes).toBe(1);
    expect(answers).toEqual([3, 1, 2]);
    expect(await words()).toEqual(['begin 3', 'begin 1', 'begin 2']);
  });

  it('writes a checkpoint with what comes next, or by itself', async () => {
    const journal = open();
    await begin(journal, 1);
    journal.checkpoint({ ...running(1), costNanoUsd: 7 });
    await begin(journal, 2);
    expect(await words()).toEqual(['begin 1', 'checkpoint 1', 'begin 2']);

    journal.checkpoint({ ...running(2), costNanoUsd: 8 });
    await until(async () => (await words()).at(-1) === 'checkpoint 2');
  });

  it('knows no checkpoint of a request that has ended', async () => {
    const journal = open();
    await begin(journal, 1);
    await finish(journal, 1);
    journal.checkpoint(running(1));
    await begin(journal, 2);

    expect(await words()).toEqual(['begin 1', 'finish 1', 'begin 2']);
  });

  it('says at its end that nothing is missing', async () => {
    const journal = open();
    await begin(journal, 1);
    const answer = finish(journal, 1);
    await journal.close();

    expect(await answer).toBeNull();
    expect(await words()).toEqual(['begin 1', 'finish 1', 'end']);
    expect(journal.status).toMatchObject({ pending: 0, failures: 0, isFailing: false });
    expect((await begin(journal, 2))?.message).toBe('the journal is closed');
  });

  it('is one process’s alone: an existing directory is refused', async () => {
    await open().close();
    expect(() => open()).toThrow(/EEXIST/);
  });

  it('repeats in a new segment what is running, at its checkpoint, so that no older one is needed for it', async () => {
    const journal = open({ segmentBytes: 4_000 });
    await begin(journal, 1);
    journal.checkpoint({ ...running(1), costNanoUsd: 7 });
    await begin(journal, 2);
    for (let number = 3; segmentFiles(directory()).length < 3; number++) {
      await begin(journal, number);
      await finish(journal, number);
    }
    const [first, second] = segmentFiles(directory());
    fs.rmSync(join(directory(), first!));
    fs.rmSync(join(directory(), second!));

    expect((await readJournal(directory())).slice(0, 2)).toEqual([
      { type: 'begin', record: { ...running(1), costNanoUsd: 7 } },
      { type: 'begin', record: running(2) },
    ]);
  });

  it('refuses an entry that is too long, and writes the others of the same turn', async () => {
    const journal = open();
    const long = usageRecord(1, { upstreamId: 'x'.repeat(2_000_000) });
    const refusal = new Promise<Error | null>((resolve) => {
      journal.begin(long, resolve);
    });
    expect(await begin(journal, 2)).toBeNull();
    expect((await refusal)?.message).toMatch(/too long/);
    expect(await words()).toEqual(['begin 2']);
  });

  describe('on a full disk', () => {
    it('refuses to begin, says so once, and leaves nothing torn behind', async () => {
      const journal = open();
      await begin(journal, 1);
      files.room = 100;
      expect(await begin(journal, 2)).toMatchObject({ code: 'ENOSPC' });
      files.room = 100;
      expect(await begin(journal, 3)).toMatchObject({ code: 'ENOSPC' });
      expect(faults).toHaveLength(1);
      expect(journal.status.isFailing).toBe(true);

      files.room = Infinity;
      await until(async () => (await begin(journal, 4)) === null);
      expect(journal.status.isFailing).toBe(false);
      expect(await words()).toEqual(['begin 1', 'begin 4']);
    });

    it('keeps the entries of one write that fitted', async () => {
      const journal = open();
      files.room = 1_800;
      const answers = await Promise.all([1, 2, 3].map((number) => begin(journal, number)));

      expect(answers.map((error) => error === null)).toEqual([true, true, false]);
      expect(await words()).toEqual(['begin 1', 'begin 2']);
    });

    it('keeps what has finished until there is room', async () => {
      const journal = open();
      await Promise.all([begin(journal, 1), begin(journal, 2)]);
      files.room = 0;
      const answers = [finish(journal, 1), finish(journal, 2)];
      await until(() => journal.status.failures > 1);
      expect(await words()).toEqual(['begin 1', 'begin 2']);
      expect(journal.status).toMatchObject({ pending: 2, isFailing: true });

      files.room = Infinity;
      expect(await Promise.all(answers)).toEqual([null, null]);
      expect(await words()).toEqual(['begin 1', 'begin 2', 'finish 1', 'finish 2']);
    });

    it('lets a client go after two seconds, and records its request all the same', async () => {
      const journal = open();
      await begin(journal, 1);
      files.room = 0;
      expect(await finish(journal, 1)).toMatchObject({ code: 'ENOSPC' });
      expect(journal.status.pending).toBe(1);

      files.room = Infinity;
      await until(() => journal.status.pending === 0);
      expect(await words()).toEqual(['begin 1', 'finish 1']);
    });

    it('goes on in the segment that it has when there is no room for the next', async () => {
      const journal = open({ segmentBytes: 3_000 });
      await begin(journal, 1);
      await Promise.all([2, 3, 4].map((number) => begin(journal, number)));
      files.openSync = () => {
        throw new Error('no space left on device');
      };
      expect(await finish(journal, 1)).toBeNull();
      expect(segmentFiles(directory())).toHaveLength(1);

      files.openSync = fs.openSync;
      expect(await finish(journal, 2)).toBeNull();
      expect(segmentFiles(directory())).toHaveLength(2);
    });

    it('begins another segment when a torn end cannot be cut off', async () => {
      const journal = open();
      files.ftruncateSync = () => {
        throw new Error('input/output error');
      };
      files.room = 100;
      expect(await begin(journal, 1)).not.toBeNull();
      files.room = Infinity;
      await until(async () => (await begin(journal, 2)) === null);

      expect(segmentFiles(directory())).toHaveLength(2);
      expect(await words()).toEqual(['begin 2']);
    });

    it('says at its close what it could not write', async () => {
      const journal = open();
      opened.length = 0;
      await begin(journal, 1);
      files.room = 0;
      void finish(journal, 1);

      await expect(journal.close()).rejects.toThrow('1 journal entries could not be written');
      expect(await words()).toEqual(['begin 1']);
    });
  });

  describe('that survives the loss of power', () => {
    it('answers after the disk has it, and gathers in the meantime', async () => {
      const journal = open({ durability: 'disk' });
      const syncs: (() => void)[] = [];
      files.syncing = (proceed) => syncs.push(proceed);
      const answers: number[] = [];
      const first = begin(journal, 1).then(() => answers.push(1));
      await until(() => syncs.length === 1);
      expect(await words()).toEqual(['begin 1']);
      const others = [2, 3].map((number) => begin(journal, number).then(() => answers.push(number)));
      expect(answers).toEqual([]);

      syncs[0]!();
      await first;
      await until(() => syncs.length === 2);
      expect(answers).toEqual([1]);
      syncs[1]!();
      await Promise.all(others);
      expect(answers).toEqual([1, 2, 3]);
    });

    it('takes back what it began when the disk refuses, and writes what had finished again elsewhere', async () => {
      const journal = open({ durability: 'disk' });
      await begin(journal, 1);
      let failures = 1;
      files.syncing = (proceed, fail) => {
        if (failures-- > 0) fail(new Error('input/output error'));
        else proceed();
      };
      const [begun, finished] = await Promise.all([begin(journal, 2), finish(journal, 1)]);

      expect(begun?.message).toBe('input/output error');
      expect(finished).toBeNull();
      await until(() => journal.status.pending === 0);
      expect(segmentFiles(directory())).toHaveLength(2);
      // The new segment repeats what nobody was told the end of, before that end.
      expect(await words()).toEqual(['begin 1', 'begin 2', 'finish 1', 'begin 1', 'withdraw 2', 'finish 1']);
    });

    it('answers after two seconds when the disk does not', async () => {
      const journal = open({ durability: 'disk' });
      await begin(journal, 1);
      let proceedLater = (): void => {};
      files.syncing = (proceed) => {
        proceedLater = proceed;
      };
      const [begun, finished] = await Promise.all([begin(journal, 2), finish(journal, 1)]);
      expect([begun?.message, finished?.message]).toEqual(Array(2).fill('the disk of the journal does not answer'));
      expect((await begin(journal, 3))?.message).toBe('the disk of the journal does not answer');

      files.syncing = (proceed) => {
        proceed();
      };
      proceedLater();
      await until(() => journal.status.pending === 0);
      expect(await words()).toEqual(['begin 1', 'begin 2', 'finish 1', 'withdraw 2']);
    });
  });

  it('goes on in a new directory, with what is running, when it was taken for a dead one’s', async () => {
    const journal = open();
    await begin(journal, 1);
    await begin(journal, 2);
    await finish(journal, 2);
    fs.renameSync(directory(), `${directory()}~taken`);
    const { now } = performance;
    // As after a stop of the process.
    performance.now = () => now.call(performance) + 6_000;
    try {
      expect(await finish(journal, 1)).toBeNull();
    } finally {
      performance.now = now;
    }

    expect(await words()).toEqual(['begin 1', 'finish 1']);
    expect(faults.map(({ message }) => message)).toEqual([expect.stringMatching(/taken away/)]);
  });

  it('tells of a failed sync that nobody waits for, and goes on in another segment', async () => {
    const journal = open();
    files.syncing = (_proceed, fail) => {
      fail(new Error('input/output error'));
    };
    await begin(journal, 1);
    await until(() => faults.length > 0);
    files.syncing = (proceed) => {
      proceed();
    };
    expect(await begin(journal, 2)).toBeNull();
    expect(segmentFiles(directory())).toHaveLength(2);
  });
});
