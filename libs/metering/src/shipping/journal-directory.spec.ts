import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWNER_FILE, writeOwner } from '../journal/owner.js';
import { ownIdentity } from '../journal/process-identity.js';
import type { ProcessIdentity } from '../journal/process-identity.js';
import { temporaryFolder } from '../testing/folder.js';
import { claimToken, JournalDirectory } from './journal-directory.js';

const OWN = ownIdentity();
const DEAD: ProcessIdentity = { ...OWN, startTime: '1' };
const FOREIGN: ProcessIdentity = { ...OWN, machine: '0123456789abcdef' };

describe('the directory of a journal', () => {
  const folder = temporaryFolder();
  let nowMs: number;
  beforeEach(() => {
    nowMs = 1_000_000;
    mkdirSync(join(folder(), 'worker-1'));
  });

  const directory = (name = 'worker-1', token = claimToken(OWN, 'mine')): JournalDirectory =>
    new JournalDirectory(folder(), name, token, () => nowMs);
  const ownedBy = (owner: unknown): void => {
    writeFileSync(join(folder(), 'worker-1', OWNER_FILE), JSON.stringify(owner));
  };
  const beat = (seconds: number): void => {
    utimesSync(join(folder(), 'worker-1', OWNER_FILE), seconds, seconds);
  };

  it('is not abandoned while its owner lives, and is when that is dead', async () => {
    writeOwner(join(folder(), 'worker-1'));
    expect(await directory().isAbandoned()).toBe(false);
    ownedBy(DEAD);
    expect(await directory().isAbandoned()).toBe(true);
  });

  it.each([
    ['of an owner on another machine', FOREIGN],
    ['without an owner that could be read', 'nobody'],
  ])('%s is abandoned when it has shown no life for 15 s, by this machine’s clock', async (_what, owner) => {
    ownedBy(owner);
    // Long ago, or the other machine's clock is wrong.
    beat(1_000);
    const one = directory();
    expect(await one.isAbandoned()).toBe(false);
    nowMs += 14_999;
    expect(await one.isAbandoned()).toBe(false);
    beat(1_005);
    // Modification times of the folder itself count as well; only the newest matters.
    utimesSync(join(folder(), 'worker-1'), 1_006, 1_006);
    expect(await one.isAbandoned()).toBe(false);
    nowMs += 14_999;
    expect(await one.isAbandoned()).toBe(false);
    nowMs += 1;
    expect(await one.isAbandoned()).toBe(true);
  });

  it('is claimed by one of several', async () => {
    const claims = ['a', 'b', 'c'].map((nonce) => directory('worker-1', claimToken(OWN, nonce)));
    const won = await Promise.all(claims.map((claim) => claim.claimIt()));

    expect(won.filter(Boolean)).toHaveLength(1);
    expect(claims.map((claim) => claim.isMine)).toEqual(won);
    expect(readdirSync(folder())).toEqual([`worker-1~${claimToken(OWN, ['a', 'b', 'c'][won.indexOf(true)]!)}`]);
  });

  it('is taken over by one of several from a claimer that died', async () => {
    ownedBy(DEAD);
    const first = directory('worker-1', claimToken(DEAD, 'first'));
    await first.claimIt();
    const others = ['a', 'b'].map((nonce) => directory(first.name, claimToken(OWN, nonce)));
    expect(await Promise.all(others.map((other) => other.isAbandoned()))).toEqual([true, true]);
    const won = await Promise.all(others.map((other) => other.claimIt()));

    expect(won.filter(Boolean)).toHaveLength(1);
    expect(others.map((other) => other.journal)).toEqual(['worker-1', 'worker-1']);
  });

  it('is left to a claimer that lives, however dead its owner is', async () => {
    ownedBy(DEAD);
    const first = directory('worker-1', claimToken(OWN, 'first'));
    await first.claimIt();
    const other = directory(first.name, claimToken(OWN, 'other'));

    expect([other.isClaimed, other.isMine, await other.isAbandoned()]).toEqual([true, false, false]);
  });

  it('is left to a claimer on another machine that shows life', async () => {
    const first = directory('worker-1', claimToken(FOREIGN, 'first'));
    await first.claimIt();
    const other = directory(first.name, claimToken(OWN, 'other'));
    await other.isAbandoned();
    nowMs += 15_000;
    await first.showLife();
    expect(await other.isAbandoned()).toBe(false);
    nowMs += 15_000;
    expect(await other.isAbandoned()).toBe(true);
  });

  it('has its own name again when it is released', async () => {
    const one = directory();
    await one.claimIt();
    await one.release();

    expect([one.name, one.isClaimed]).toEqual(['worker-1', false]);
  });
});
