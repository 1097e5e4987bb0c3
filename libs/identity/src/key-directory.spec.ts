import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IdentitySnapshot } from './identity-snapshot.js';
import { KeyDirectory } from './key-directory.js';
import type { IdentityEvent, IdentitySource } from './key-directory.js';
import type { StoredIdentity } from './stored-identity.js';

const PEPPER = Buffer.from('a pepper of at least thirty-two bytes');
const NEVER_MS = 1_000_000;
const TEN_MINUTES_MS = 600_000;

function identity(version: number): StoredIdentity {
  return { version, tenants: [], keys: [] };
}

/** A database that can go away, and counts what it is asked. */
class Source implements IdentitySource {
  isAway = false;
  current = identity(1);
  reads = 0;
  looks = 0;
  /** Awaited before each answer. */
  gate: Promise<void> = Promise.resolve();

  async version(): Promise<number> {
    this.looks += 1;
    return (await this.answer()).version;
  }

  async all(): Promise<StoredIdentity> {
    this.reads += 1;
    return this.answer();
  }

  private async answer(): Promise<StoredIdentity> {
    const { current } = this;
    await this.gate;
    if (this.isAway) throw new Error('away');
    return current;
  }
}

let folder: string;
let source: Source;
let changes: StoredIdentity[];
let events: IdentityEvent[];
let nowMs: number;
let opened: KeyDirectory[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-directory-'));
  source = new Source();
  changes = [];
  events = [];
  nowMs = 0;
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((directory) => directory.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function snapshot(pepper = PEPPER): IdentitySnapshot {
  return new IdentitySnapshot(join(folder, 'identity.json'), pepper);
}

function open({ pollMs = NEVER_MS, pepper = PEPPER } = {}): KeyDirectory {
  const directory = new KeyDirectory({
    source,
    snapshot: snapshot(pepper),
    onChange: (stored) => changes.push(stored),
    onEvent: (event) => events.push(event),
    pollMs,
    now: () => nowMs,
  });
  opened.push(directory);
  return directory;
}

describe('a directory of keys', () => {
  it('reads at its start, and again only what changed', async () => {
    const directory = open();
    await directory.start();
    await directory.refresh();
    expect(changes).toEqual([identity(1)]);
    expect(source.reads).toBe(1);

    source.current = identity(2);
    await directory.refresh();
    expect(changes).toEqual([identity(1), identity(2)]);
    expect(directory.current).toEqual(identity(2));
    expect(directory.isComplete).toBe(true);
    expect(events).toEqual([]);
  });

  it('takes an older version for a change too: the database may have been restored', async () => {
    source.current = identity(5);
    const directory = open();
    await directory.start();
    source.current = identity(4);
    await directory.refresh();

    expect(directory.current).toEqual(identity(4));
  });

  it('finds out by itself', async () => {
    const found = new Promise<void>((resolve) => {
      const directory = new KeyDirectory({
        source,
        snapshot: snapshot(),
        onChange: ({ version }) => {
          if (version === 2) resolve();
          source.current = identity(2);
        },
        onEvent: () => {},
        pollMs: 1,
      });
      opened.push(directory);
      void directory.start();
    });

    await found;
  });

  it('answers a refresh with a look that began after it was asked for, however many ask', async () => {
    const directory = open();
    await directory.start();
    let release = (): void => {};
    source.gate = new Promise((resolve) => (release = resolve));
    const early = directory.refresh();
    source.current = identity(2);
    const late = [directory.refresh(), directory.refresh(), directory.refresh()];
    release();
    await Promise.all([early, ...late]);

    expect(directory.current).toEqual(identity(2));
    expect(source.looks).toBe(2);
  });

  it('asks no more once it was stopped', async () => {
    const directory = open({ pollMs: 1 });
    await directory.start();
    await directory.stop();
    const asked = source.looks;
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(source.looks).toBe(asked);
  });
});

describe('while the database is away', () => {
  it('what was read last stays in force, and each change of state is told once', async () => {
    const directory = open();
    await directory.start();
    source.isAway = true;
    await directory.refresh();
    await directory.refresh();
    expect(directory.current).toEqual(identity(1));
    expect(directory.isComplete).toBe(true);
    expect(events).toEqual([{ type: 'database-away', error: new Error('away') }]);

    source.isAway = false;
    await directory.refresh();
    await directory.refresh();
    expect(events.slice(1)).toEqual([{ type: 'database-back' }]);
  });

  it('a start takes the snapshot of the last run, and does not count as complete', async () => {
    await open().start();
    source.isAway = true;
    changes = [];
    const second = open();
    await second.start();

    expect(second.current).toEqual(identity(1));
    expect(second.isComplete).toBe(false);
    expect(changes).toEqual([identity(1)]);
    expect(events.map(({ type }) => type)).toEqual(['database-away', 'snapshot-used']);
  });

  it('a start without a snapshot knows nobody yet', async () => {
    source.isAway = true;
    const directory = open();
    await directory.start();

    expect(directory.current).toBeNull();
    expect(directory.isComplete).toBe(false);
    expect(events.map(({ type }) => type)).toEqual(['database-away']);
  });

  it('a start says why it ignores a snapshot', async () => {
    await open().start();
    source.isAway = true;
    const directory = open({ pepper: Buffer.from('another pepper of at least 32 bytes!') });
    await directory.start();

    expect(directory.current).toBeNull();
    expect(events.at(-1)).toEqual({ type: 'snapshot-ignored', fault: 'signature' });
  });

  it('its return makes the directory complete, and tells of it although nothing changed', async () => {
    await open().start();
    source.isAway = true;
    const directory = open();
    await directory.start();
    changes = [];
    source.isAway = false;
    await directory.refresh();

    expect(directory.isComplete).toBe(true);
    expect(changes).toEqual([identity(1)]);
  });
});

describe('the snapshot', () => {
  it('follows every change, and is renewed now and then without one', async () => {
    const written: number[] = [];
    const watched = snapshot();
    const write = watched.write.bind(watched);
    watched.write = async (stored) => {
      written.push(stored.version);
      await write(stored);
    };
    const directory = new KeyDirectory({
      source,
      snapshot: watched,
      onChange: () => {},
      onEvent: () => {},
      pollMs: NEVER_MS,
      now: () => nowMs,
    });
    opened.push(directory);
    await directory.start();
    await directory.refresh();
    source.current = identity(2);
    await directory.refresh();
    expect(written).toEqual([1, 2]);

    nowMs += TEN_MINUTES_MS;
    await directory.refresh();
    await directory.refresh();
    expect(written).toEqual([1, 2, 2]);
  });

  it('that cannot be written costs a word and nothing else', async () => {
    rmSync(folder, { recursive: true });
    const directory = open();
    await directory.start();
    await directory.refresh();

    expect(directory.current).toEqual(identity(1));
    expect(events.map(({ type }) => type)).toEqual(['snapshot-not-written']);
  });
});
