import { getHeapStatistics } from 'node:v8';
import type { Readings } from './pressure.js';

/** How often the delay of the event loop is sampled. */
const SAMPLE_MS = 20;

/** Since the last time it was asked. */
export interface VitalReadings extends Omit<Readings, 'due'> {
  /** The longest that the event loop was late. */
  readonly worstLoopDelayMs: number;
}

/** Measures how this process does. */
export interface VitalSigns {
  read(): VitalReadings;
  stop(): void;
}

/**
 * Of the process it is made in. The delay is that of a timer: Node's own histogram forgets, when it is reset, the moment from
 * which it measures, and shows nothing while every turn of the loop is longer than the time between two readings.
 */
export class ProcessVitalSigns implements VitalSigns {
  private lastMs = performance.now();
  private samples = 0;
  private sumMs = 0;
  private worstMs = 0;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => {
      this.sample();
    }, SAMPLE_MS);
    this.timer.unref();
  }

  read(): VitalReadings {
    if (this.samples === 0) this.sample();
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const readings = {
      loopDelayMs: this.sumMs / this.samples,
      worstLoopDelayMs: this.worstMs,
      heapShare: used / limit,
    };
    this.samples = 0;
    this.sumMs = 0;
    this.worstMs = 0;
    return readings;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sample(): void {
    const nowMs = performance.now();
    const delayMs = Math.max(0, nowMs - this.lastMs - SAMPLE_MS);
    this.lastMs = nowMs;
    this.samples += 1;
    this.sumMs += delayMs;
    this.worstMs = Math.max(this.worstMs, delayMs);
  }
}
