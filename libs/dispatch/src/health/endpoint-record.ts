import type { EndpointHealth } from '@switchyard/contract';
import { Circuit } from './circuit.js';
import type { EndpointDelta, FlatSketch } from './health-delta.js';
import { RollingCounts, RollingSketch } from './rolling.js';
import type { Counts } from './rolling.js';
import { Distribution, addToSketch, bucketOf } from './sketch.js';
import type { Sketch } from './sketch.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** Time covered by one slot of a sketch: an hour's half in sixty, five minutes in ten. */
const SKETCH_SLOT_MS = 30 * SECOND_MS;
const SLOTS_OF_30_MIN = 60;
const SLOTS_OF_5_MIN = 10;

/** Errors within 30 s put an endpoint last (OpenRouter's outage memory). */
const OUTAGE_ERRORS_MIN = 3;
const OUTAGE_SHARE_MIN = 0.2;
/** Uptime bands need this many requests in 5 minutes before they say anything. */
const UPTIME_REQUESTS_MIN = 100;
const UPTIME_DEGRADED = 0.95;
const UPTIME_DOWN = 0.8;

/** Counts and values of one endpoint; latency in milliseconds, throughput in tokens per second. */
export interface Sight {
  readonly passed: number;
  readonly failed: number;
  readonly faults: number;
  readonly latency: FlatSketch;
  readonly throughput: FlatSketch;
}

/** How an endpoint did over longer times; `null` = nothing was seen. Shares are 0..1, latency is in milliseconds. */
export interface EndpointHistory {
  readonly uptime5Min: number | null;
  readonly uptime30Min: number | null;
  readonly uptime1Day: number | null;
  readonly latency30Min: EndpointHealth['latency'];
  readonly throughput30Min: EndpointHealth['throughput'];
}

export const NOTHING_SEEN: EndpointHistory = {
  uptime5Min: null,
  uptime30Min: null,
  uptime1Day: null,
  latency30Min: null,
  throughput30Min: null,
};

/** What is remembered of one endpoint, in a few kilobytes however much it is used. `nowMs` is monotonic throughout. */
export class EndpointRecord {
  readonly circuit = new Circuit();
  /** When a credential, by id, may be used here again after a rate limit. */
  readonly cooling = new Map<string, number>();
  seenAtMs: number | null = null;

  /** These three forget what was before the circuit last closed: a trial that succeeded is a new beginning. */
  private readonly last30S = new RollingCounts(SECOND_MS, 30);
  private readonly faults30S = new RollingCounts(SECOND_MS, 30);
  private readonly judged5Min = new RollingCounts(5 * SECOND_MS, 60);

  private readonly last5Min = new RollingCounts(5 * SECOND_MS, 60);
  private readonly last30Min = new RollingCounts(MINUTE_MS, 30);
  private readonly lastDay = new RollingCounts(15 * MINUTE_MS, 96);
  private readonly latency = new RollingSketch(SKETCH_SLOT_MS, SLOTS_OF_30_MIN);
  private readonly throughput = new RollingSketch(SKETCH_SLOT_MS, SLOTS_OF_30_MIN);
  private readonly counts = [this.last30S, this.judged5Min, this.last5Min, this.last30Min, this.lastDay];
  private untold: Untold | null = null;

  add(nowMs: number, { passed, failed, faults, latency, throughput }: Sight): void {
    this.seenAtMs = nowMs;
    for (const counts of this.counts) counts.add(nowMs, passed, failed);
    this.faults30S.add(nowMs, passed, faults);
    eachOf(latency, (bucket, count) => {
      this.latency.add(nowMs, bucket, count);
    });
    eachOf(throughput, (bucket, count) => {
      this.throughput.add(nowMs, bucket, count);
    });
  }

  /** Keeps what this process saw for the next `takeUntold`. */
  remember(sight: Sight): void {
    const untold = (this.untold ??= { passed: 0, failed: 0, faults: 0, latency: new Map(), throughput: new Map() });
    untold.passed += sight.passed;
    untold.failed += sight.failed;
    untold.faults += sight.faults;
    eachOf(sight.latency, (bucket, count) => {
      addToSketch(untold.latency, bucket, count);
    });
    eachOf(sight.throughput, (bucket, count) => {
      addToSketch(untold.throughput, bucket, count);
    });
  }

  takeUntold(key: string): EndpointDelta | null {
    const { untold } = this;
    if (untold === null) return null;
    this.untold = null;
    const { latency, throughput, ...counts } = untold;
    return { key, ...counts, latency: [...latency].flat(), throughput: [...throughput].flat() };
  }

  /** The circuit closed. */
  forgive(): void {
    for (const counts of [this.last30S, this.faults30S, this.judged5Min]) counts.reset();
  }

  /** Of the endpoint's own making, within 30 s. */
  faults(nowMs: number): Counts {
    return this.faults30S.sums(nowMs);
  }

  band(nowMs: number): EndpointHealth['band'] {
    const last = this.last30S.sums(nowMs);
    if (last.failed >= OUTAGE_ERRORS_MIN && last.failed >= OUTAGE_SHARE_MIN * (last.passed + last.failed)) {
      return 'outage';
    }
    // What is tried last has hardly any requests to show that it is well again: so it is taken for well after a while.
    if (last.failed === 0) return 'healthy';
    const judged = this.judged5Min.sums(nowMs);
    if (judged.passed + judged.failed < UPTIME_REQUESTS_MIN) return 'healthy';
    const uptime = uptimeOf(judged) ?? 1;
    if (uptime < UPTIME_DOWN) return 'down';
    return uptime < UPTIME_DEGRADED ? 'degraded' : 'healthy';
  }

  /** Milliseconds to the first token, over five minutes. */
  latency5Min(nowMs: number): Distribution {
    return new Distribution(this.latency.sum(nowMs, SLOTS_OF_5_MIN));
  }

  /** Tokens per second, over five minutes. */
  throughput5Min(nowMs: number): Distribution {
    return new Distribution(this.throughput.sum(nowMs, SLOTS_OF_5_MIN));
  }

  history(nowMs: number): EndpointHistory {
    return {
      uptime5Min: uptimeOf(this.last5Min.sums(nowMs)),
      uptime30Min: uptimeOf(this.last30Min.sums(nowMs)),
      uptime1Day: uptimeOf(this.lastDay.sums(nowMs)),
      latency30Min: rising(new Distribution(this.latency.sum(nowMs, SLOTS_OF_30_MIN)), 1),
      throughput30Min: falling(new Distribution(this.throughput.sum(nowMs, SLOTS_OF_30_MIN))),
    };
  }
}

interface Untold {
  passed: number;
  failed: number;
  faults: number;
  readonly latency: Sketch;
  readonly throughput: Sketch;
}

/** One value as a sketch; none for what was not measured. */
export function sketchOf(value: number | null): FlatSketch {
  return value !== null && value > 0 && Number.isFinite(value) ? [bucketOf(value), 1] : [];
}

/** p90 is what 90 % stay under, times `unit`; `null` when nothing was seen. */
export function rising(values: Distribution, unit: number): EndpointHealth['latency'] {
  if (values.count === 0) return null;
  const at = (share: number): number => values.at(share) * unit;
  return { p50: at(0.5), p75: at(0.75), p90: at(0.9), p99: at(0.99) };
}

/** p90 is what 90 % reach; `null` when nothing was seen. */
export function falling(values: Distribution): EndpointHealth['throughput'] {
  if (values.count === 0) return null;
  return { p50: values.at(0.5), p75: values.at(0.25), p90: values.at(0.1), p99: values.at(0.01) };
}

function uptimeOf({ passed, failed }: Counts): number | null {
  return passed + failed === 0 ? null : passed / (passed + failed);
}

function eachOf(sketch: FlatSketch, act: (bucket: number, count: number) => void): void {
  for (let index = 0; index + 1 < sketch.length; index += 2) act(sketch[index] ?? 0, sketch[index + 1] ?? 0);
}
