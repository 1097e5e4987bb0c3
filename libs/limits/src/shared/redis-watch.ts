import { HEARTBEAT_MS } from '../lifetimes.js';
import type { LimitsClock, LimitsStatus } from '../limits-options.js';
import type { ConnectionListener } from '../redis/connection.js';
import { STORE_ERROR_KINDS, storeErrorOf } from '../redis/store-error.js';
import type { StoreError, StoreErrorKind } from '../redis/store-error.js';
import { Breaker } from './breaker.js';
import type { BreakerChange } from './breaker.js';
import { ServerClock } from './server-clock.js';

export interface RedisWatchOptions {
  readonly clock: LimitsClock;
  readonly isConnected: () => boolean;
  /** Announces this instance: a write, so that it fails whenever a reservation would. */
  readonly heartbeat: () => Promise<{ readonly instances: number; readonly serverTimeMs: number }>;
  readonly onChange: (change: BreakerChange) => void;
}

/** How often Redis is probed while it is not relied on. */
export const PROBE_MS = 200;

type WatchStatus = Pick<
  LimitsStatus,
  'breaker' | 'instances' | 'timeouts' | 'errors' | 'breakerChanges' | 'clockSkewMs'
>;

/** Knows whether Redis can be relied on, what time it is there, and how many instances share it. Heartbeats are its probes. */
export class RedisWatch implements ConnectionListener {
  private readonly breaker: Breaker;
  private readonly serverClock: ServerClock;
  private readonly errors = Object.fromEntries(STORE_ERROR_KINDS.map((kind) => [kind, 0])) as Record<
    StoreErrorKind,
    number
  >;
  private changes = 0;
  private lastInstances = 1;
  private lastBeatMs = -Infinity;
  private isProbing = false;
  /** Times that Redis was silent, as far as counted. */
  private silences = 0;
  private onConnected: (() => void)[] | null = [];

  constructor(private readonly options: RedisWatchOptions) {
    const { clock } = options;
    this.serverClock = new ServerClock(clock);
    this.breaker = new Breaker(
      () => clock.monotonicMs(),
      (change) => {
        this.changes += 1;
        options.onChange(change);
      },
    );
  }

  get isReliable(): boolean {
    return this.breaker.isClosed;
  }

  /** Processes that share the limits, at least 1. */
  get instances(): number {
    return this.lastInstances;
  }

  /** Unix milliseconds by the clock of Redis. */
  nowMs(): number {
    return this.serverClock.nowMs();
  }

  get status(): WatchStatus {
    return {
      breaker: this.breaker.state,
      instances: this.lastInstances,
      timeouts: this.errors.timeout,
      errors: { ...this.errors },
      breakerChanges: this.changes,
      clockSkewMs: this.serverClock.skewMs,
    };
  }

  ready(): void {
    this.breaker.connected();
    for (const resolve of this.onConnected ?? []) resolve();
    this.onConnected = null;
    void this.probe();
  }

  lost(): void {
    this.breaker.lost();
  }

  heard(serverTimeMs: number): void {
    this.serverClock.heard(serverTimeMs);
  }

  failed(error: StoreError): void {
    this.count(error, this.silences);
  }

  /** Makes a call to Redis, and counts it when it fails. Rejects with `StoreError` only. */
  async watched<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    const silencesBefore = this.silences;
    try {
      return await call();
    } catch (failure) {
      const error = storeErrorOf(failure);
      this.count(error, silencesBefore);
      throw error;
    }
  }

  /** To be called every `PROBE_MS`. */
  tick(): void {
    const isDue = this.options.clock.monotonicMs() - this.lastBeatMs >= HEARTBEAT_MS;
    if (this.options.isConnected() && (!this.isReliable || isDue)) void this.probe();
  }

  /** Resolves with the first connection, or after the time-out. */
  whenConnected(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.onConnected === null) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, timeoutMs);
      this.onConnected.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private async probe(): Promise<void> {
    if (this.isProbing) return;
    this.isProbing = true;
    const silencesBefore = this.silences;
    let error: StoreError | null = null;
    try {
      this.lastBeatMs = this.options.clock.monotonicMs();
      const { instances, serverTimeMs } = await this.options.heartbeat();
      this.lastInstances = Math.max(1, instances);
      this.serverClock.heard(serverTimeMs);
    } catch (failure) {
      error = storeErrorOf(failure);
    }
    this.isProbing = false;
    if (error === null) this.breaker.answered();
    else this.count(error, silencesBefore);
  }

  /**
   * What was sent before a silence was noticed says nothing more about it, however much that is: a lost segment or a pause
   * of the machine is not yet a Redis that is gone. After a time-out Redis is asked again and again, so that it is soon
   * known to be gone however few requests come.
   */
  private count({ kind }: StoreError, silencesBefore: number): void {
    this.errors[kind] += 1;
    if (kind === 'lost') this.breaker.lost();
    else if (kind !== 'timeout') this.breaker.failed();
    else if (silencesBefore === this.silences) {
      this.silences += 1;
      this.breaker.failed();
    }
    if (kind === 'timeout' && this.isReliable) void this.probe();
  }
}
