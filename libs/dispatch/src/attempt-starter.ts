import { GatewayError, UpstreamError } from '@switchyard/contract';
import type { UpstreamFailure } from '@switchyard/contract';
import type { AccountAsk, AccountRefusal } from './account-gate.js';
import type { AttemptLog } from './attempt-log.js';
import { prepareAttempt } from './attempt-settings.js';
import type { PreparedAttempt } from './attempt-settings.js';
import { accountScope } from './callers-account.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';
import type { RetryBudgetName } from './retry-budgets.js';
import { RunningAttempt } from './running-attempt.js';
import type { AttemptHost } from './running-attempt.js';
import type { Place } from './walk.js';

/** Why no attempt was made at a place: its account is full, the request cannot be put into its dialect, a budget is used up. */
export type NoStart = 'room' | 'dialect' | RetryBudgetName;

export interface StarterHost extends AttemptHost {
  /** False once nothing may be sent any more. */
  readonly mayStart: boolean;
  /** An attempt is about to be sent. */
  started(one: RunningAttempt): void;
  /** There is no attempt at this place; it was given back, and the log knows. */
  notStarted(place: Place, reason: NoStart, failure: UpstreamFailure | null): void;
}

const ROOM_WANTED: UpstreamFailure = {
  class: 'rate_limited',
  status: null,
  message: 'The provider account is at its limit.',
};

/** Turns places into attempts: room in the account, budgets, the request in the dialect of the endpoint. */
export class AttemptStarter {
  /** An account was asked for room and did not answer yet. */
  isWaiting = false;
  private asks = 0;

  constructor(
    private readonly request: DispatchRequest,
    private readonly host: StarterHost,
    private readonly log: AttemptLog,
    private readonly tools: DispatchTools,
  ) {}

  /** Starts an attempt, at once or when its account answered. */
  begin(place: Place): void {
    if (place.credential.limits === undefined) {
      this.launch(place, null);
      return;
    }
    const ask = this.askFor(place, place.credential.limits);
    this.isWaiting = true;
    this.tools.accounts.admit(ask, (refusal) => {
      this.isWaiting = false;
      const account = refusal === null ? ask : null;
      if (!this.host.mayStart) this.giveBack(place, account);
      else if (refusal === null) this.launch(place, ask);
      else this.passOver(place, refusal);
    });
  }

  /** The budget that allows no further attempt at this place, counted; `null` = all allow one. */
  exhausted({ planned }: Place): RetryBudgetName | null {
    const exhausted = this.tools.budgets.exhausted(this.request.tenantId, accountScope(planned.endpoint.provider));
    if (exhausted !== null) this.tools.counters.retryBudgetExhausted(exhausted);
    return exhausted;
  }

  private askFor({ planned, credential }: Place, limits: AccountAsk['limits']): AccountAsk {
    const { generationId, plan } = this.request;
    this.asks += 1;
    return {
      id: `${generationId}.${String(this.asks)}`,
      providerId: planned.endpoint.provider.id,
      credentialId: credential.id,
      limits,
      inputTokens: plan.facts.promptTokensEstimate,
      outputTokens: plan.facts.maxOutputTokens ?? 0,
    };
  }

  private passOver(place: Place, { retryAfterS }: AccountRefusal): void {
    const failure = retryAfterS === null ? ROOM_WANTED : { ...ROOM_WANTED, retryAfterS };
    this.giveBack(place, null);
    this.log.refuse(place.planned, failure);
    this.host.notStarted(place, 'room', failure);
  }

  private launch(place: Place, account: AccountAsk | null): void {
    const isRetry = this.log.count > 0;
    const exhausted = isRetry ? this.exhausted(place) : null;
    const prepared = exhausted === null ? this.prepare(place) : null;
    if (prepared === null) {
      this.giveBack(place, account);
      this.host.notStarted(place, exhausted ?? 'dialect', null);
      return;
    }
    const parts = { place, prepared, account, isRetry, tenantId: this.request.tenantId };
    const one = new RunningAttempt(parts, this.host, this.log, this.tools);
    this.host.started(one);
    one.start();
  }

  private giveBack({ planned }: Place, account: AccountAsk | null): void {
    this.tools.health.recordNothing(planned.endpoint);
    if (account !== null) this.tools.accounts.leave(account, null);
  }

  private prepare({ planned, credential }: Place): PreparedAttempt | null {
    try {
      return prepareAttempt(this.request, planned, credential, this.tools, () => this.log.records);
    } catch (error) {
      this.log.refuse(planned, this.failureOfPreparing(error));
      return null;
    }
  }

  private failureOfPreparing(error: unknown): UpstreamFailure {
    if (error instanceof UpstreamError) return error.failure;
    if (error instanceof GatewayError) return { class: 'invalid_request', status: null, message: error.message };
    this.tools.onFault(error, this.request.generationId);
    return { class: 'invalid_answer', status: null, message: 'The request could not be translated.' };
  }
}
