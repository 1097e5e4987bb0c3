import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Metrics } from '@switchyard/telemetry';
import { OverloadSection } from '../config/resilience-sections.js';
import { overloadSettings } from '../config/resilience-settings.js';
import { Overload } from './overload.js';
import type { VitalReadings } from './vital-signs.js';

const { jest } = import.meta;

const SETTINGS = overloadSettings(new OverloadSection());

describe('an overloaded process', () => {
  let readings: VitalReadings;
  let metrics: Metrics;
  let overload: Overload;
  const lines: object[] = [];
  const open = (settings: Partial<typeof SETTINGS> = {}, isServing = true): void => {
    overload = new Overload({
      settings: () => ({ ...SETTINGS, ...settings }),
      signs: { read: () => readings, stop: () => undefined },
      isServing: () => isServing,
      metrics,
      logger: { warn: (line: object) => lines.push(line), error: (line: object) => lines.push(line) } as never,
      random: () => 0.999,
    });
  };
  const response = (): ServerResponse => new EventEmitter() as ServerResponse;

  beforeEach(() => {
    jest.useFakeTimers();
    readings = { loopDelayMs: 0, worstLoopDelayMs: 0, heapShare: 0.2 };
    metrics = new Metrics();
    lines.length = 0;
  });
  afterEach(() => {
    overload.onApplicationShutdown();
    jest.useRealTimers();
  });

  it('judges nothing by the delays of its own start', () => {
    open({}, false);
    readings = { loopDelayMs: 2_000, worstLoopDelayMs: 2_000, heapShare: 0.2 };
    jest.advanceTimersByTime(3_000);
    expect(Array.from({ length: 20 }, () => overload.refusal())).toEqual(Array.from({ length: 20 }, () => null));
    expect(lines).toEqual([]);
  });

  it('takes everything while it is well', () => {
    open();
    jest.advanceTimersByTime(1_000);
    expect(Array.from({ length: 100 }, () => overload.refusal())).toEqual(Array(100).fill(null));
  });

  it('has at most so many requests under way, and takes more as they end', () => {
    open({ maxInFlight: 2 });
    const [first, second] = [response(), response()];
    overload.entered(first);
    overload.entered(second);
    expect(overload.refusal()).toBe('in_flight');
    first.emit('close');
    expect(overload.refusal()).toBeNull();
  });

  it('refuses an even share while its event loop is late, and tells of it once a second at most', async () => {
    open();
    readings = { loopDelayMs: 200, worstLoopDelayMs: 300, heapShare: 0.2 };
    jest.advanceTimersByTime(900);
    const share = Array.from({ length: 1_000 }, () => overload.refusal()).filter((reason) => reason !== null).length;
    expect(share).toBeGreaterThan(300);
    expect(share).toBeLessThan(900);
    jest.advanceTimersByTime(3_000);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ shed: { loop_delay: share } });
    const text = await metrics.render();
    expect(text).toContain(`switchyard_shed_total{reason="loop_delay"} ${share}`);
    expect(text).toContain('switchyard_event_loop_delay_seconds 0.3');
    expect(text).toContain('switchyard_in_flight_requests 0');
  });

  it('refuses all while its heap is full', () => {
    open();
    readings = { ...readings, heapShare: 0.95 };
    jest.advanceTimersByTime(100);
    expect(overload.refusal()).toBe('heap');
    expect(overload.closesConnections).toBe(true);
  });

  it('says when it stood still', () => {
    open();
    readings = { loopDelayMs: 50, worstLoopDelayMs: 1_700, heapShare: 0.2 };
    jest.advanceTimersByTime(100);
    expect(lines).toEqual([{ blocked_ms: 1_700 }]);
  });

  it('reads so many big bodies at once', () => {
    open({ bigBodies: 1 });
    expect(overload.admitsBigBody()).toBe(true);
    expect(overload.admitsBigBody()).toBe(false);
    overload.bigBodyRead();
    expect(overload.admitsBigBody()).toBe(true);
  });

  it('asks to come again within five seconds', () => {
    open();
    expect(overload.error()).toMatchObject({ code: 'overloaded', details: { retryAfterS: 5 } });
  });
});
