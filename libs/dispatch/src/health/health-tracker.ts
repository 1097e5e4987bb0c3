import type {
  Endpoint,
  EndpointHealth,
  FailureClass,
  HealthView,
  Provider,
  UpstreamFailure,
} from '@switchyard/contract';
import type { HealthRecorder, SeenSuccess } from '../dispatch-request.js';

/** Errors within this time put an endpoint last (OpenRouter's outage memory). */
const OUTAGE_WINDOW_MS = 30_000;
const OUTAGE_ERRORS_MIN = 3;
const OUTAGE_SHARE_MIN = 0.2;
/** Uptime bands need this many requests before they say anything. */
const UPTIME_WINDOW_MS = 300_000;
const UPTIME_REQUESTS_MIN = 100;
const UPTIME_DEGRADED = 0.95;
const UPTIME_DOWN = 0.8;
const SAMPLES_MAX = 512;
/** Ranking may lag behind observation by this much, so that plans can be reused in between. */
const EPOCH_MS = 1_000;

/** What one attempt showed of its endpoint. */
interface Observation {
  readonly atMs: number;
  readonly failed: boolean;
  /** Seconds to first token; `null` when none came or the answer was not streamed. */
  readonly latencyS: number | null;
  /** Output tokens per second; `null` when not measurable. */
  readonly throughput: number | null;
}

/** Failures that say something about the endpoint. Faults of the request, rate limits and departed clients do not. */
const COUNTED: ReadonlySet<FailureClass> = new Set<FailureClass>([
  'connect',
  'timeout',
  'server',
  'overloaded',
  'auth',
  'billing',
  'not_found',
  'invalid_answer',
  'truncated',
]);

/** Recent outcomes per endpoint, in this process. `nowMs` is monotonic. */
export class HealthTracker implements HealthView, HealthRecorder {
  private readonly samples = new Map<string, Observation[]>();
  private readonly views = new Map<string, { readonly epoch: number; readonly view: EndpointHealth }>();

  constructor(private readonly nowMs: () => number) {}

  get epoch(): number {
    return Math.floor(this.nowMs() / EPOCH_MS);
  }

  admit(_endpoint: Endpoint, _isLast: boolean): boolean {
    return true;
  }

  isCredentialRested(_provider: Provider, _credentialId: string): boolean {
    return true;
  }

  recordFailure(endpoint: Endpoint, _credentialId: string, failure: UpstreamFailure): void {
    if (!COUNTED.has(failure.class)) return;
    this.record(endpoint, { atMs: this.nowMs(), failed: true, latencyS: null, throughput: null });
  }

  recordSuccess(endpoint: Endpoint, _credentialId: string, seen: SeenSuccess): void {
    const { streamed, firstTokenMs, durationMs, outputTokens } = seen;
    this.record(endpoint, {
      atMs: this.nowMs(),
      failed: false,
      latencyS: streamed && firstTokenMs !== null ? firstTokenMs / 1_000 : null,
      throughput: outputTokens > 0 && durationMs > 0 ? outputTokens / (durationMs / 1_000) : null,
    });
  }

  recordNothing(_endpoint: Endpoint): void {
    return;
  }

  firstTokenP95Ms(_endpoint: Endpoint): number | null {
    return null;
  }

  private record(endpoint: Endpoint, observation: Observation): void {
    const key = keyOf(endpoint);
    const list = this.samples.get(key) ?? [];
    list.push(observation);
    // Trimmed by half at a time, so that a record costs the same however many there are.
    if (list.length >= SAMPLES_MAX * 2) list.splice(0, SAMPLES_MAX);
    this.samples.set(key, list);
  }

  of(endpoint: Endpoint): EndpointHealth | null {
    const key = keyOf(endpoint);
    const list = this.samples.get(key);
    if (list === undefined) return null;
    const { epoch } = this;
    const cached = this.views.get(key);
    if (cached?.epoch === epoch) return cached.view;
    const view = viewOf(list, this.nowMs());
    this.views.set(key, { epoch, view });
    return view;
  }
}

function keyOf(endpoint: Endpoint): string {
  return `${endpoint.modelId} ${endpoint.tag}`;
}

function viewOf(samples: readonly Observation[], nowMs: number): EndpointHealth {
  const recent = samples.filter((sample) => sample.atMs > nowMs - UPTIME_WINDOW_MS);
  return {
    band: bandOf(recent, nowMs),
    circuitOpen: false,
    throughput: percentiles(numbers(recent.map((sample) => sample.throughput)), 'falling'),
    latency: percentiles(numbers(recent.map((sample) => sample.latencyS)), 'rising'),
    toolSuccess: null,
  };
}

function bandOf(recent: readonly Observation[], nowMs: number): EndpointHealth['band'] {
  const last = recent.filter((sample) => sample.atMs > nowMs - OUTAGE_WINDOW_MS);
  const errors = last.filter((sample) => sample.failed).length;
  if (errors >= OUTAGE_ERRORS_MIN && errors / last.length >= OUTAGE_SHARE_MIN) return 'outage';
  if (recent.length < UPTIME_REQUESTS_MIN) return 'healthy';
  const uptime = 1 - recent.filter((sample) => sample.failed).length / recent.length;
  if (uptime < UPTIME_DOWN) return 'down';
  return uptime < UPTIME_DEGRADED ? 'degraded' : 'healthy';
}

function numbers(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null).sort((left, right) => left - right);
}

/** `rising`: p90 is what 90 % stay under (latency). `falling`: p90 is what 90 % reach (throughput). */
function percentiles(sorted: readonly number[], direction: 'rising' | 'falling'): EndpointHealth['latency'] {
  if (sorted.length === 0) return null;
  const at = (share: number): number => {
    const position = direction === 'rising' ? share : 1 - share;
    return sorted[Math.min(sorted.length - 1, Math.floor(position * sorted.length))] ?? 0;
  };
  return { p50: at(0.5), p75: at(0.75), p90: at(0.9), p99: at(0.99) };
}
