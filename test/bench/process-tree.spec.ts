import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleTree } from './process-tree.ts';

describe('the sample of a process tree', () => {
  it('counts the work of children with that of their parent, and nobody else’s', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'process-tree-'));
    const program = join(folder, 'parent.mjs');
    writeFileSync(
      program,
      `import { fork } from 'node:child_process';
       if (process.argv[2] === 'child') { const end = Date.now() + 300; while (Date.now() < end); process.send('done'); process.on('disconnect', process.exit); }
       else { const child = fork(process.argv[1], ['child']); child.on('message', () => process.send('done')); process.on('disconnect', process.exit); }`,
    );
    const parent = fork(program, { execArgv: [] });
    await once(parent, 'message');
    const sample = sampleTree(parent.pid ?? 0);
    parent.disconnect();
    await once(parent, 'exit');
    rmSync(folder, { recursive: true });
    if (process.platform !== 'linux') {
      expect(sample).toBeNull();
      return;
    }
    expect(sample?.processes).toBe(2);
    expect(sample?.cpuSeconds).toBeGreaterThan(0);
    expect(sample?.residentBytes).toBeGreaterThan(20e6);
  });
});
