import type { Credential, FailureClass, PlannedAttempt } from '@switchyard/contract';
import { recheck } from '@switchyard/routing';
import { drawCredential } from './credentials.js';
import type { DispatchRequest, DispatchTools } from './dispatch-request.js';
import { isModelBound } from './fallback.js';

/** An endpoint with a credential of it: where an attempt may go. Health waits for a verdict on it. */
export interface Place {
  readonly planned: PlannedAttempt;
  readonly credential: Credential;
  /** Ids of the endpoint's credentials that were drawn so far. */
  readonly drawn: Set<string>;
}

/**
 * How far the walk along one plan got, and where it goes next. Policy is looked at again before every step: nothing
 * between plan and attempt may carry a prompt past it.
 */
export class Walk {
  /** Endpoints that were passed over because their health does not admit them for now. */
  readonly skipped: PlannedAttempt[] = [];
  private index = 0;
  private wasForced = false;
  /** Models whose every endpoint would refuse the request. */
  private hopeless: Set<string> | null = null;

  constructor(
    private readonly request: Pick<DispatchRequest, 'plan' | 'policy'>,
    private readonly tools: Pick<DispatchTools, 'health' | 'random'>,
  ) {}

  get hasMore(): boolean {
    return this.index < this.request.plan.attempts.length;
  }

  /** The next endpoint; when health admits none of those left, the best of them all the same, once. */
  next(): Place | null {
    const { attempts } = this.request.plan;
    while (this.index < attempts.length) {
      const isLast = this.index === attempts.length - 1 && this.skipped.length === 0;
      const place = this.step(attempts[this.index], isLast);
      this.index += 1;
      if (place !== null) return place;
    }
    const [best] = this.skipped;
    if (best === undefined || this.wasForced) return null;
    this.wasForced = true;
    this.skipped.shift();
    return this.isOpen(best) && this.tools.health.admit(best.endpoint, true) ? this.place(best, new Set()) : null;
  }

  /** The next endpoint when it serves this same model and its health admits it. */
  rival(modelId: string): Place | null {
    const { attempts } = this.request.plan;
    for (; this.index < attempts.length; this.index += 1) {
      const planned = attempts[this.index];
      if (planned === undefined || !this.isOpen(planned)) continue;
      if (planned.model.id !== modelId || !this.tools.health.admit(planned.endpoint, false)) return null;
      this.index += 1;
      return this.place(planned, new Set());
    }
    return null;
  }

  /** The same endpoint with a credential that was not drawn yet; `null` = it has no other. */
  otherCredential({ planned, drawn }: Place): Place | null {
    return this.isOpen(planned) ? this.place(planned, drawn) : null;
  }

  /** The same endpoint once more, all its credentials in question again. */
  again({ planned }: Place): Place | null {
    if (!this.isOpen(planned) || !this.tools.health.admit(planned.endpoint, true)) return null;
    return this.place(planned, new Set());
  }

  /** A failure that every endpoint of the model would repeat leaves the other models of the request only. */
  learn({ planned }: Place, failure: FailureClass): void {
    if (isModelBound(failure)) (this.hopeless ??= new Set()).add(planned.model.id);
  }

  private step(planned: PlannedAttempt | undefined, isLast: boolean): Place | null {
    if (planned === undefined || !this.isOpen(planned)) return null;
    if (!this.tools.health.admit(planned.endpoint, isLast)) {
      this.skipped.push(planned);
      return null;
    }
    return this.place(planned, new Set());
  }

  private isOpen({ model, endpoint }: PlannedAttempt): boolean {
    if (this.hopeless?.has(model.id) === true) return false;
    return recheck(this.request.policy, this.request.plan.facts, model, endpoint).length === 0;
  }

  private place(planned: PlannedAttempt, drawn: Set<string>): Place | null {
    const { provider } = planned.endpoint;
    const { health, random } = this.tools;
    const credential = drawCredential(provider, drawn, random(), (id) => health.isCredentialRested(provider, id));
    if (credential === null) return null;
    drawn.add(credential.id);
    return { planned, credential, drawn };
  }
}
