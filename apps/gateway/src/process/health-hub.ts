import { isEmptyDelta } from '@switchyard/dispatch';
import type { HealthDelta, HealthTracker } from '@switchyard/dispatch';
import type { Metrics } from '@switchyard/telemetry';
import type { GatewayConfig } from '../config/gateway-config.js';
import { HealthExchange } from './health-exchange.js';
import { openHealth } from './open-health.js';
import type { ProcessLog } from './process-log.js';

/** What was seen is told this often. */
const HEALTH_MS = 1_000;

export interface HealthHubOptions {
  readonly config: Pick<GatewayConfig, 'health' | 'catalog' | 'redis'>;
  readonly log: ProcessLog;
  readonly metrics: Metrics;
  /** Tells the processes that serve requests, but not the one that it comes from; `null` = it comes from none of them. */
  readonly tell: (delta: HealthDelta, source: string | null) => void;
  /** Where requests are served by this very process: what it saw since the last call. */
  readonly collect?: () => HealthDelta | null;
}

/**
 * Where everything that is seen of endpoints on this machine comes together: what its workers saw, what other machines
 * told over Redis, and what probes found. Each hears of the others.
 */
export class HealthHub {
  readonly tracker: HealthTracker;
  private readonly exchange: HealthExchange | null;
  /** Without Redis: until when a name is claimed. */
  private readonly claims = new Map<string, number>();
  private known: Pick<GatewayConfig, 'health' | 'catalog'>;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: HealthHubOptions) {
    const { config, log, metrics } = options;
    this.known = config;
    this.tracker = openHealth(config, log, metrics);
    this.exchange =
      config.redis === null
        ? null
        : new HealthExchange(config.redis.url, log.logger, {
            heard: (delta) => {
              this.pass(delta, null);
            },
            keys: () => this.tracker.shared.keys,
          });
  }

  start(): void {
    this.exchange?.start();
    this.timer = setInterval(() => {
      const seen = this.options.collect?.() ?? null;
      if (seen !== null) this.heard('plane', seen);
      this.tellOwn();
    }, HEALTH_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.exchange?.stop();
  }

  /** Another configuration is in force. */
  configure(config: Pick<GatewayConfig, 'health' | 'catalog'>): void {
    const { health, catalog } = config;
    if (health === this.known.health && catalog === this.known.catalog) return;
    this.known = config;
    this.tracker.configure(health, catalog);
  }

  /** What a process that serves requests saw; `source` names it. */
  heard(source: string, delta: HealthDelta): void {
    if (isEmptyDelta(delta)) return;
    this.pass(delta, source);
    this.exchange?.publish(delta);
  }

  /** The ejections and refusals in force, for a process that begins. */
  get standing(): HealthDelta {
    return this.tracker.shared.standing();
  }

  /** True once within this time, for one process of the deployment. False when that cannot be known. */
  async claim(name: string, forMs: number): Promise<boolean> {
    if (this.exchange !== null) return this.exchange.claim(name, forMs);
    const nowMs = performance.now();
    if ((this.claims.get(name) ?? 0) > nowMs) return false;
    this.claims.set(name, nowMs + forMs);
    return true;
  }

  private pass(delta: HealthDelta, source: string | null): void {
    this.tracker.shared.merge(delta);
    this.options.tell(delta, source);
  }

  /** What probes found here. */
  private tellOwn(): void {
    const delta = this.tracker.shared.take();
    if (isEmptyDelta(delta)) return;
    this.options.tell(delta, null);
    this.exchange?.publish(delta);
  }
}
