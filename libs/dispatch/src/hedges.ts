import { RollingSum } from './rolling-sum.js';

export interface HedgeSettings {
  readonly enabled: boolean;
  /** Share of the requests that may be hedged. */
  readonly maxShare: number;
  /** Most that abandoned attempts may cost the operator per hour. */
  readonly maxNanoUsdPerHour: number;
  /** No hedge while more requests than this are under way. */
  readonly maxInFlight: number;
  /** No hedge earlier than this, whatever the endpoint's p95 is. */
  readonly minDelayMs: number;
}

/** Why there is no second attempt beside a slow one: each is a result of `switchyard_hedges_total`. */
export type HedgeRefusal =
  'refused_share' | 'refused_load' | 'refused_cost' | 'refused_budget' | 'refused_room' | 'refused_candidate';
export type HedgeResult = 'won' | 'lost' | HedgeRefusal;

const SHARE_WINDOW_MS = 300_000;
const COST_WINDOW_MS = 3_600_000;

/** The limits that all hedges of a process share. `nowMs` is monotonic. */
export class Hedges {
  private readonly requests: RollingSum;
  private readonly hedges: RollingSum;
  private readonly abandoned: RollingSum;
  private inFlight = 0;
  /** Nano-USD that the running hedges are expected to cost whoever loses. */
  private pending = 0;

  constructor(
    private settings: HedgeSettings,
    private readonly nowMs: () => number,
  ) {
    const now = nowMs();
    this.requests = new RollingSum(SHARE_WINDOW_MS, now);
    this.hedges = new RollingSum(SHARE_WINDOW_MS, now);
    this.abandoned = new RollingSum(COST_WINDOW_MS, now);
  }

  configure(settings: HedgeSettings): void {
    this.settings = settings;
  }

  get enabled(): boolean {
    return this.settings.enabled;
  }

  requestStarted(): void {
    this.inFlight += 1;
    if (this.settings.enabled) this.requests.add(1, this.nowMs());
  }

  requestEnded(): void {
    this.inFlight -= 1;
  }

  /** How long an attempt may be silent before it is hedged; an endpoint whose p95 is not known is not hedged. */
  delayMs(firstTokenP95Ms: number | null): number | null {
    return firstTokenP95Ms === null ? null : Math.max(this.settings.minDelayMs, firstTokenP95Ms);
  }

  /** Why no request may be hedged at the moment; `null` = one may. */
  refusal(): HedgeRefusal | null {
    const { maxShare, maxInFlight } = this.settings;
    if (this.inFlight > maxInFlight) return 'refused_load';
    const now = this.nowMs();
    return this.hedges.at(now) + 1 > maxShare * this.requests.at(now) ? 'refused_share' : null;
  }

  /** Whether the hour has room for a hedge whose loser is expected to cost this much. */
  affords(expectedNanoUsd: number): boolean {
    const spent = this.abandoned.at(this.nowMs()) + this.pending;
    return spent + expectedNanoUsd <= this.settings.maxNanoUsdPerHour;
  }

  started(expectedNanoUsd: number): void {
    this.pending += expectedNanoUsd;
    this.hedges.add(1, this.nowMs());
  }

  /** Exactly once per `started`, with what the abandoned attempt cost by estimate. */
  ended(expectedNanoUsd: number, abandonedNanoUsd: number): void {
    this.pending -= expectedNanoUsd;
    this.abandoned.add(abandonedNanoUsd, this.nowMs());
  }
}
