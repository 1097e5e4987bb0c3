import type { ServerResponse } from 'node:http';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { GatewayError } from '@switchyard/contract';
import type { Logger, Metrics } from '@switchyard/telemetry';
import type { OverloadSettings } from '../config/resilience-settings.js';
import { overloadedError, retryAfterS } from './overloaded-error.js';
import { NO_PRESSURE, nextPressure } from './pressure.js';
import type { VitalSigns } from './vital-signs.js';

/** Why a request was refused, or a connection. */
export type ShedReason = 'in_flight' | 'loop_delay' | 'heap' | 'big_body' | 'strangers';

/** How often the process is looked at. */
const READ_MS = 100;
/** Readings whose worst is the delay that is told of: the last three seconds. */
const WORST_OF = 30;
/** A loop that stood still for so long is worth a line of its own. */
const BLOCKED_MS = 1_000;
const LINE_MS = 1_000;

export interface OverloadParts {
  readonly settings: () => OverloadSettings;
  readonly signs: VitalSigns;
  /** A process that is being started is late with everything, and that says nothing. */
  readonly isServing: () => boolean;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Decides which requests a process still takes when it has more than it can do, before anything is spent on them. Requests
 * under way are never given up, and health is always answered.
 */
export class Overload implements OnApplicationShutdown {
  private pressure = NO_PRESSURE;
  private inFlight = 0;
  private bigBodies = 0;
  /** What the refused share has to its credit: at one, a request is refused. */
  private credit = 0;
  private readonly worst: number[] = [];
  private readonly untold = new Map<ShedReason, number>();
  private lineAtMs = -Infinity;
  private readAtMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly left = (): void => {
    this.inFlight -= 1;
  };

  constructor(private readonly parts: OverloadParts) {
    this.timer = setInterval(() => {
      this.look();
    }, READ_MS);
    this.timer.unref();
  }

  /** True = connections are given up with their answers. */
  get closesConnections(): boolean {
    return this.pressure.closesConnections;
  }

  /** Why the next request is refused; `null` = it is taken. Asked once a request. */
  refusal(): ShedReason | null {
    const { pressure } = this;
    if (this.inFlight >= this.parts.settings().maxInFlight) return this.shed('in_flight');
    if (pressure.isHeapFull) return this.shed('heap');
    if (pressure.share === 0) return null;
    this.credit += pressure.share;
    if (this.credit < 1) return null;
    this.credit -= 1;
    return this.shed('loop_delay');
  }

  /** A request was taken; it is under way until its answer closes. */
  entered(response: ServerResponse): void {
    this.inFlight += 1;
    response.once('close', this.left);
  }

  /** Size in bytes from which a body is a big one. */
  get bigBodyBytes(): number {
    return this.parts.settings().bigBodyBytes;
  }

  /** True = a big body may be read; `bigBodyRead` is to be called once it was, or will not be. */
  admitsBigBody(): boolean {
    if (this.bigBodies >= this.parts.settings().bigBodies) {
      this.shed('big_body');
      return false;
    }
    this.bigBodies += 1;
    return true;
  }

  bigBodyRead(): void {
    this.bigBodies -= 1;
  }

  /** When to come again: whole seconds, and not the same for all. */
  retryAfterS(): number {
    return retryAfterS(this.parts.random);
  }

  /** The error for a request that is refused. */
  error(): GatewayError {
    return overloadedError(this.parts.random);
  }

  /** Counts what was refused, for the metrics and for one line of log a second at most. */
  shed(reason: ShedReason): ShedReason {
    this.parts.metrics.add('switchyard_shed_total', { reason });
    this.untold.set(reason, (this.untold.get(reason) ?? 0) + 1);
    return reason;
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.parts.signs.stop();
  }

  private look(): void {
    const { settings, signs, isServing, metrics, logger } = this.parts;
    const readings = signs.read();
    const nowMs = performance.now();
    const due = (nowMs - this.readAtMs) / READ_MS;
    this.readAtMs = nowMs;
    if (!isServing()) return;
    this.pressure = nextPressure(this.pressure, { ...readings, due }, settings());
    this.worst.push(readings.worstLoopDelayMs);
    if (this.worst.length > WORST_OF) this.worst.shift();
    metrics.set('switchyard_event_loop_delay_seconds', {}, Math.max(...this.worst));
    metrics.set('switchyard_in_flight_requests', {}, this.inFlight);
    if (readings.worstLoopDelayMs > BLOCKED_MS) {
      logger.error({ blocked_ms: Math.round(readings.worstLoopDelayMs) }, 'this process stood still');
    }
    this.tell();
  }

  private tell(): void {
    const nowMs = performance.now();
    if (this.untold.size === 0 || nowMs - this.lineAtMs < LINE_MS) return;
    this.lineAtMs = nowMs;
    const { share, loopDelayMs } = this.pressure;
    const shed = Object.fromEntries(this.untold);
    this.untold.clear();
    const standing = { refused_share: Number(share.toFixed(2)), loop_delay_ms: Math.round(loopDelayMs) };
    this.parts.logger.warn({ shed, in_flight: this.inFlight, ...standing }, 'requests are refused to bear the load');
  }
}
