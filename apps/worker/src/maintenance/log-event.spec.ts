import { memoryLog } from '../testing/memory-log.js';
import type { MemoryLine } from '../testing/memory-log.js';
import type { MaintenanceEvent } from './event.js';
import { logMaintenance } from './log-event.js';

const alert = { alert: 'tenant/acme/2026-11/0.8', attempts: 3 };

describe('the log of maintenance', () => {
  it.each<[MemoryLine['level'], MaintenanceEvent]>([
    ['debug', { type: 'job_done', job: 'alerts', report: { noticed: 1 }, durationMs: 2 }],
    ['error', { type: 'job_failed', job: 'alerts', error: new Error('no'), durationMs: 2 }],
    ['error', { type: 'rollups_repaired', rows: 1, nanoUsd: 5 }],
    ['warn', { type: 'budget_drift', group: 'acme', nanoUsd: 5 }],
    ['info', { type: 'alert_sent', ...alert }],
    ['warn', { type: 'alert_failed', ...alert, reason: 'status 500' }],
    ['error', { type: 'alert_dead', ...alert, reason: 'status 500' }],
  ])('has one line, for %s, of each event', (level, event) => {
    const log = memoryLog();
    logMaintenance(log.logger, event);
    expect(log.lines.map((line) => line.level)).toEqual([level]);
  });
});
