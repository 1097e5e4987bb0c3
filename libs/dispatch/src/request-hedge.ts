import { ZERO_USAGE } from '@switchyard/contract';
import type { PlannedAttempt } from '@switchyard/contract';
import type { TimerHandle } from '@switchyard/transport';
import type { NoStart } from './attempt-starter.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';
import type { HedgeRefusal } from './hedges.js';
import type { RunningAttempt } from './running-attempt.js';
import { costAndSource } from './charge.js';
import type { Place, Walk } from './walk.js';

const REFUSALS: Readonly<Record<NoStart, HedgeRefusal>> = {
  room: 'refused_room',
  dialect: 'refused_candidate',
  tenant: 'refused_budget',
  provider: 'refused_budget',
  process: 'refused_budget',
};

type HedgeTools = Pick<DispatchTools, 'hedges' | 'health' | 'pricing' | 'counters' | 'wheel'>;

/** The one attempt that a request may make beside another that is slow to bring content. */
export class RequestHedge {
  private timer: TimerHandle | null = null;
  private wasConsidered = false;
  private expectedNanoUsd = 0;
  /** The second attempt while it is not decided which of the two serves. */
  private rival: RunningAttempt | null = null;

  constructor(
    private readonly request: DispatchRequest,
    private readonly tools: HedgeTools,
    private readonly walk: Walk,
  ) {}

  /** Calls `onSlow` should this attempt be slower than its endpoint is in 95 of 100 cases. */
  watch({ endpoint }: PlannedAttempt, onSlow: () => void): void {
    const { hedges, health, wheel } = this.tools;
    this.timer?.cancel();
    if (this.wasConsidered || !this.walk.hasMore) return;
    const delayMs = hedges.delayMs(health.firstTokenP95Ms(endpoint));
    if (delayMs !== null) this.timer = wheel.set(delayMs, onSlow);
  }

  /** Where a second attempt may go beside `slow`; `null` = nowhere, or it is not allowed now. */
  place(slow: RunningAttempt): Place | null {
    this.wasConsidered = true;
    const refusal = this.tools.hedges.refusal();
    if (refusal !== null) return this.refused(refusal);
    const { planned } = slow.prepared;
    const place = this.walk.rival(planned.model.id);
    if (place === null) return this.refused('refused_candidate');
    this.expectedNanoUsd = Math.max(this.inputCost(planned), this.inputCost(place.planned));
    if (this.tools.hedges.affords(this.expectedNanoUsd)) return place;
    this.tools.health.recordNothing(place.planned.endpoint);
    return this.refused('refused_cost');
  }

  /** The second attempt is not made after all. */
  refuse(reason: NoStart): void {
    this.refused(REFUSALS[reason]);
  }

  started(rival: RunningAttempt): void {
    this.rival = rival;
    this.tools.hedges.started(this.expectedNanoUsd);
  }

  /** One of the two serves, or none will: `abandoned` is the one given up, `null` when it had failed by itself. */
  decided(winner: RunningAttempt | null, abandoned: RunningAttempt | null): void {
    this.timer?.cancel();
    const { rival } = this;
    if (rival === null) return;
    this.rival = null;
    const nanoUsd = abandoned === null ? 0 : this.leave(abandoned);
    this.tools.hedges.ended(this.expectedNanoUsd, nanoUsd);
    this.tools.counters.abandoned(nanoUsd);
    this.tools.counters.hedged(winner === rival ? 'won' : 'lost');
  }

  /** What an abandoned attempt cost by estimate: nothing while the upstream had not got the whole request. */
  private leave(abandoned: RunningAttempt): number {
    const learned = abandoned.wasSent ? abandoned.learned : null;
    const { usage, cost } = costAndSource(this.request, this.tools.pricing, abandoned.prepared.planned, learned);
    abandoned.leaveAccount(usage);
    return cost.nanoUsd;
  }

  private refused(reason: HedgeRefusal): null {
    this.tools.counters.hedged(reason);
    return null;
  }

  private inputCost({ endpoint }: PlannedAttempt): number {
    const { promptTokensEstimate, images } = this.request.plan.facts;
    return this.tools.pricing.costOf({ ...ZERO_USAGE, uncachedInput: promptTokensEstimate }, endpoint, images).nanoUsd;
  }
}
