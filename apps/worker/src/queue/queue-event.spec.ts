import { memoryLog } from '../testing/memory-log.js';
import type { MemoryLine } from '../testing/memory-log.js';
import { logQueue } from './queue-event.js';
import type { QueueEvent } from './queue-event.js';

describe('the log of the queue', () => {
  it.each<[MemoryLine['level'], QueueEvent]>([
    ['info', { type: 'queue_back' }],
    ['warn', { type: 'queue_away', reason: 'ECONNREFUSED' }],
    ['error', { type: 'queue_fault', reason: 'OOM' }],
    ['warn', { type: 'job_stalled', job: 'repeat:alerts:1' }],
    ['error', { type: 'job_dead', job: 'alerts', attempts: 8, reason: 'TypeError' }],
  ])('has one line, for %s, of each event', (level, event) => {
    const log = memoryLog();
    logQueue(log.logger, event);
    expect(log.lines.map((line) => line.level)).toEqual([level]);
  });
});
