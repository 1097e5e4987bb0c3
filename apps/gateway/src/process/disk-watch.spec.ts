import { DiskWatch } from './disk-watch.js';

describe('the watch over the disk', () => {
  it('says that there is no room once less is free than must be', async () => {
    const roomy = new DiskWatch('.', 1, () => undefined);
    const full = new DiskWatch('.', Number.MAX_SAFE_INTEGER, () => undefined);
    expect(full.isFull).toBe(false);
    await Promise.all([roomy.look(), full.look()]);
    expect(roomy.isFull).toBe(false);
    expect(roomy.freeBytes).toBeGreaterThan(0);
    expect(full.isFull).toBe(true);
    roomy.stop();
    full.stop();
  });

  it('refuses nothing for a directory that it cannot see, and says so', async () => {
    const faults: unknown[] = [];
    const watch = new DiskWatch('./no-such-directory', 1, (error) => faults.push(error));
    await watch.look();
    expect(watch.isFull).toBe(false);
    expect(faults).toHaveLength(1);
    watch.stop();
  });
});
