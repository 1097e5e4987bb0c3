import { RollingSum } from './rolling-sum.js';

/** How many further attempts are allowed relative to the traffic there is. */
export interface RetryBudgetSettings {
  /** Further attempts per tenant: a share of its requests in the window, and never fewer than the floor. */
  readonly tenant: { readonly ratio: number; readonly floor: number; readonly windowMs: number };
  /** Further attempts running at once per provider: a share of all that run there, and never fewer than the floor. */
  readonly provider: { readonly ratio: number; readonly floor: number };
  /** A bucket of the process: what a further attempt takes, and a success gives back. */
  readonly process: { readonly tokens: number; readonly cost: number };
}

export type RetryBudgetName = 'tenant' | 'provider' | 'process';

/** Tenants remembered at once; who was idle longest is forgotten first. */
const TENANTS_MAX = 10_000;
/**
 * An empty bucket of the process fills up by itself within this time. Without it a process whose every success needs a
 * second attempt would never come to one again.
 */
const REFILL_MS = 60_000;

interface TenantTraffic {
  readonly requests: RollingSum;
  readonly retries: RollingSum;
}

interface ProviderTraffic {
  attempts: number;
  retries: number;
}

/**
 * Keeps further attempts (fallbacks, retries, hedges) a small share of the traffic, so that an outage is not answered
 * with a multiple of the load. The first attempt of a request is never asked about. `nowMs` is monotonic.
 */
export class RetryBudgets {
  private readonly tenants = new Map<string, TenantTraffic>();
  private readonly providers = new Map<string, ProviderTraffic>();
  private tokens: number;
  private filledAtMs: number;

  constructor(
    private settings: RetryBudgetSettings,
    private readonly nowMs: () => number,
  ) {
    this.tokens = settings.process.tokens;
    this.filledAtMs = nowMs();
  }

  /** New settings; what was counted stays unless the window changed. */
  configure(settings: RetryBudgetSettings): void {
    if (settings.tenant.windowMs !== this.settings.tenant.windowMs) this.tenants.clear();
    this.settings = settings;
    this.tokens = Math.min(this.tokens, settings.process.tokens);
  }

  requestStarted(tenantId: string): void {
    this.tenant(tenantId).requests.add(1, this.nowMs());
  }

  /** The budget that a further attempt at this provider would exceed; `null` = there is room in all of them. */
  exhausted(tenantId: string, providerId: string): RetryBudgetName | null {
    const { tenant, provider, process } = this.settings;
    const now = this.nowMs();
    const { requests, retries } = this.tenant(tenantId);
    if (retries.at(now) + 1 > Math.max(tenant.floor, tenant.ratio * requests.at(now))) return 'tenant';
    this.refill(now);
    if (this.tokens < process.cost) return 'process';
    const running = this.providers.get(providerId);
    const allowed = Math.max(provider.floor, provider.ratio * ((running?.attempts ?? 0) + 1));
    return (running?.retries ?? 0) + 1 > allowed ? 'provider' : null;
  }

  /** An attempt begins; a retry takes its share of every budget: ask `exhausted` right before. */
  attemptStarted(tenantId: string, providerId: string, isRetry: boolean): void {
    let running = this.providers.get(providerId);
    if (running === undefined) {
      running = { attempts: 0, retries: 0 };
      this.providers.set(providerId, running);
    }
    running.attempts += 1;
    if (!isRetry) return;
    running.retries += 1;
    const now = this.nowMs();
    this.tenant(tenantId).retries.add(1, now);
    this.refill(now);
    this.tokens = Math.max(0, this.tokens - this.settings.process.cost);
  }

  /** An attempt is over; exactly once per `attemptStarted`. */
  attemptEnded(providerId: string, isRetry: boolean, isSuccess: boolean): void {
    const running = this.providers.get(providerId);
    if (running !== undefined) {
      running.attempts -= 1;
      if (isRetry) running.retries -= 1;
      // Providers of callers' own come and go.
      if (running.attempts <= 0) this.providers.delete(providerId);
    }
    if (!isSuccess) return;
    const { tokens, cost } = this.settings.process;
    this.tokens = Math.min(tokens, this.tokens + (isRetry ? cost : 1));
  }

  private refill(now: number): void {
    const { tokens } = this.settings.process;
    this.tokens = Math.min(tokens, this.tokens + ((now - this.filledAtMs) / REFILL_MS) * tokens);
    this.filledAtMs = now;
  }

  private tenant(tenantId: string): TenantTraffic {
    const known = this.tenants.get(tenantId);
    if (known !== undefined) return known;
    if (this.tenants.size >= TENANTS_MAX) this.forgetIdle();
    const now = this.nowMs();
    const { windowMs } = this.settings.tenant;
    const traffic = { requests: new RollingSum(windowMs, now), retries: new RollingSum(windowMs, now) };
    this.tenants.set(tenantId, traffic);
    return traffic;
  }

  /** All tenants without a request in the window; when there are none, the one known longest. */
  private forgetIdle(): void {
    const now = this.nowMs();
    for (const [id, { requests, retries }] of this.tenants) {
      if (requests.at(now) + retries.at(now) === 0) this.tenants.delete(id);
    }
    const [oldest] = this.tenants.keys();
    if (this.tenants.size >= TENANTS_MAX && oldest !== undefined) this.tenants.delete(oldest);
  }
}
