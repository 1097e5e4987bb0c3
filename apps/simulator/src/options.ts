import type { RecordedRequest } from './recorder.js';

/** A fault that a provider plays on a share of its requests. */
export interface ProviderFault {
  /** `mode` or `mode:argument`, as in the model name `mock/mode:argument`. */
  readonly fault: string;
  /** 0 to 1; default 1. Drawn by the seed. */
  readonly rate?: number;
}

export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 or absent: a free port. */
  readonly port?: number;
  /** Same seed and same request body: same answer. Default 1. */
  readonly seed?: number;
  /** Absent: as fast as the client reads. */
  readonly tokensPerSecond?: number;
  readonly timeToFirstTokenMs?: number;
  /** Every text says that it is simulated. */
  readonly simulatedNotice?: boolean;
  /** Refuse the routing hints of gateways as unknown fields. Default true. */
  readonly rejectHints?: boolean;
  /** Refuse every unknown top-level field. */
  readonly strict?: boolean;
  /** Answer whatever can be answered, without the vendors' checks of values, names and order. For a demo. */
  readonly lenient?: boolean;
  /** The one key that is let in; absent: any, or none. */
  readonly expectedApiKey?: string;
  /** What providers (the first segment of the path) do wrong when neither model name nor header says so. */
  readonly providerFaults?: Readonly<Record<string, readonly ProviderFault[]>>;
}

export interface RunningSimulator {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The last requests, oldest first, updated while they are answered. Those of the `bench` model are not kept. */
  readonly requests: readonly RecordedRequest[];
  /** Forgets requests, prompt caches, plans under way and provider faults set since the start. */
  clear(): void;
  /** Replaces what a provider does wrong from now on; an empty list heals it. */
  setFaults(provider: string, faults: readonly ProviderFault[]): void;
  /**
   * The first recorded request that the predicate accepts, now or as soon as one changes so.
   * @throws Error when none does within `timeoutMs`.
   */
  waitFor(wants: (request: RecordedRequest) => boolean, timeoutMs?: number): Promise<RecordedRequest>;
  /** Breaks what is still open and stops listening. */
  close(): Promise<void>;
}
