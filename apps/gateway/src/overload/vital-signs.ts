import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Readings } from './pressure.js';

/** How often the delay of the event loop is sampled. */
const SAMPLE_MS = 20;
const NANOS_PER_MS = 1e6;

/** Since the last time it was asked. */
export interface VitalReadings extends Readings {
  /** The longest that the event loop was late. */
  readonly worstLoopDelayMs: number;
}

/** Measures how this process does. */
export interface VitalSigns {
  read(): VitalReadings;
  stop(): void;
}

/** Of the process it is made in. */
export class ProcessVitalSigns implements VitalSigns {
  private readonly histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS });

  constructor() {
    this.histogram.enable();
  }

  read(): VitalReadings {
    const { histogram } = this;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const isEmpty = histogram.count === 0;
    // The histogram has the time between two samples.
    const loopDelayMs = isEmpty ? 0 : Math.max(0, histogram.mean / NANOS_PER_MS - SAMPLE_MS);
    const worstLoopDelayMs = isEmpty ? 0 : Math.max(0, histogram.max / NANOS_PER_MS - SAMPLE_MS);
    histogram.reset();
    return { loopDelayMs, worstLoopDelayMs, heapShare: used / limit };
  }

  stop(): void {
    this.histogram.disable();
  }
}
