import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { until } from '../testing/folder.js';
import { identityOf, lifeOf, ownIdentity } from './process-identity.js';

describe('the identity of a process', () => {
  it('says that this one lives', () => {
    expect(lifeOf(ownIdentity())).toBe('alive');
  });

  it('says that one is dead whose process id is free', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');

    expect(lifeOf({ ...ownIdentity(), pid: child.pid! })).toBe('dead');
  });

  it('says that one is dead whose process id belongs to a later one', () => {
    expect(lifeOf({ ...ownIdentity(), startTime: '1' })).toBe('dead');
  });

  it('says that one is dead which has ended and whose parent does not ask for it', async () => {
    // The shell becomes a program that never asks for the child that the shell had.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    await until(() => readFileSync(`/proc/${parent.pid!}/comm`, 'utf8') === 'sleep\n');
    const pid = Number(output.toString());
    const identity = identityOf(pid);
    expect(lifeOf(identity)).toBe('alive');
    process.kill(pid, 'SIGKILL');

    await until(() => lifeOf(identity) === 'dead');
    expect(process.kill(pid, 0)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('does not pretend to know of other machines', () => {
    expect(lifeOf({ ...ownIdentity(), machine: 'elsewhere' })).toBe('unknown');
  });
});
