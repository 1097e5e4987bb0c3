import { setImmediate } from 'node:timers/promises';
import { ProcessVitalSigns } from './vital-signs.js';

describe('the vital signs of a process', () => {
  it('show a loop that is late at every turn, however often they are read', async () => {
    const signs = new ProcessVitalSigns();
    const read: number[] = [];
    const timer = setInterval(() => read.push(signs.read().loopDelayMs), 50);
    for (let turn = 0; turn < 6; turn += 1) {
      const untilMs = performance.now() + 150;
      while (performance.now() < untilMs);
      await setImmediate();
    }
    clearInterval(timer);
    signs.stop();
    expect(read.length).toBeGreaterThanOrEqual(4);
    expect(Math.min(...read.slice(1))).toBeGreaterThan(80);
  });

  it('show a heap that is neither empty nor full', () => {
    const signs = new ProcessVitalSigns();
    const { heapShare } = signs.read();
    signs.stop();
    expect(heapShare).toBeGreaterThan(0);
    expect(heapShare).toBeLessThan(1);
  });
});
