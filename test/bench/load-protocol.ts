/** What the bench and its load generator tell each other. */

export interface ClosedLoop {
  readonly kind: 'closed';
  readonly port: number;
  /** The whole request, base64. */
  readonly request: string;
  /** Connections that each send the next request as soon as they have their answer. */
  readonly connections: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** Process whose tree is sampled at both ends of the window; null = none. */
  readonly systemPid: number | null;
}

export interface OpenLoop {
  readonly kind: 'open';
  readonly port: number;
  readonly request: string;
  /** Requests are due at this rate, whether or not earlier ones were answered. */
  readonly ratePerSecond: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

export type LoadTask = ClosedLoop | OpenLoop;

export interface ClosedLoopResult {
  readonly kind: 'closed';
  readonly seconds: number;
  readonly answers: number;
  readonly events: number;
  readonly errors: number;
  readonly cpuSeconds: number | null;
  readonly residentBytes: number | null;
}

export interface OpenLoopResult {
  readonly kind: 'open';
  readonly answers: number;
  readonly errors: number;
  /** From when the request was due until its answer was complete. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadResult = ClosedLoopResult | OpenLoopResult;
