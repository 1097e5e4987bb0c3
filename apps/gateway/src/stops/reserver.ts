import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { Plan, Protocol } from '@switchyard/contract';
import type { BodyBounds, DecodedBody } from '@switchyard/dialects';
import type { Caller } from '@switchyard/identity';
import { rateLimitHeaders, refusalError } from '@switchyard/limits';
import type { Decision, Held } from '@switchyard/limits';
import type { UsageRecord } from '@switchyard/metering';
import { PROCESS_SERVICES } from '../process/process-services.js';
import type { ProcessServices } from '../process/process-services.js';
import { withoutBudgets } from './caller-limits.js';
import type { CallerLimits } from './caller-limits.js';
import { demandOf, isOpaque, promptBound } from './demand.js';
import type { DemandingRequest } from './demand.js';
import { PromptFrames } from './prompt-frames.js';
import type { BoundedPrompt } from './prompt-frames.js';
import { countDecision } from './request-metrics.js';
import { recordAtStart, recordUnstarted } from './usage-record.js';

/** A planned request that asks to be let in. */
export interface ReservingRequest {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly caller: Caller;
  readonly limits: CallerLimits;
  readonly protocol: Protocol;
  readonly plan: Plan;
  readonly body: Pick<DecodedBody, 'bytes' | 'characters'>;
  readonly textLength: number;
  readonly bounds: BodyBounds;
  /** True once nobody waits for the answer any more. */
  readonly isGone: () => boolean;
}

/** A request that was let in: what it may use is reserved, and the journal knows of it. */
export interface Reserved {
  readonly start: UsageRecord;
  /** `null` = no limit is in force for the caller. */
  readonly held: Held | null;
  /** `null` = nothing can be learned from it, or nobody needs to. */
  readonly prompt: BoundedPrompt | null;
  /** Rate limit headers, in the form of the caller's protocol. */
  readonly headers: Readonly<Record<string, string>>;
}

export type Reservation =
  | { readonly outcome: 'reserved'; readonly reserved: Reserved }
  | { readonly outcome: 'refused'; readonly error: GatewayError; readonly headers: Readonly<Record<string, string>> }
  /** The client left meanwhile; nothing is held or recorded. */
  | { readonly outcome: 'gone' };

type Answer = (reservation: Reservation) => void;

const JOURNAL_RETRY_S = 5;
const NO_HEADERS: Readonly<Record<string, string>> = {};

/** Stop 5: everything that a request may use is reserved, all or nothing, and the journal opened, before any upstream hears of it. */
@Injectable()
export class Reserver {
  constructor(
    @Inject(PROCESS_SERVICES) private readonly services: ProcessServices,
    private readonly frames: PromptFrames,
  ) {}

  /** Answers exactly once, at once when no limit needs Redis. */
  reserve(request: ReservingRequest, answer: Answer): void {
    if (this.services.disk.isFull) {
      answer(refusedForJournal());
      return;
    }
    const limits = limitsFor(request);
    const { all } = limits;
    if (all.length === 0) {
      this.open(request, { held: null, prompt: null, headers: NO_HEADERS }, Date.now(), answer);
      return;
    }
    const { id, caller } = request;
    const demanding = this.demanding(request);
    const prompt = limits.hasBudget ? boundedPrompt(demanding) : null;
    const decision = this.services.limits.reserve({
      id,
      group: caller.tenantId,
      limits: all,
      demand: demandOf(demanding, limits),
    });
    if (decision instanceof Promise) {
      decision.then(
        (made) => {
          this.decided(request, prompt, made, answer);
        },
        (error: unknown) => {
          // The facade promises not to reject; should it, nobody may be let in for it.
          answer({ outcome: 'refused', error: internal(error), headers: NO_HEADERS });
        },
      );
    } else this.decided(request, prompt, decision, answer);
  }

  /** Takes back a reservation whose request never reached an upstream. */
  abandon({ start, held }: Reserved): void {
    if (held !== null) this.services.limits.release(held);
    this.services.journal.finish(recordUnstarted(start), () => undefined);
  }

  /** The caller's rate limits as headers, for an answer that reserves nothing; none when they cannot be read. */
  async headersOf(caller: Caller, limits: CallerLimits, protocol: Protocol): Promise<Readonly<Record<string, string>>> {
    try {
      const states = await this.services.limits.look(caller.tenantId, limits.all);
      return rateLimitHeaders(protocol, states, Date.now());
    } catch {
      return NO_HEADERS;
    }
  }

  private demanding({ plan, body, textLength, bounds }: ReservingRequest): DemandingRequest {
    const frame = this.frames.most(plan.attempts, hasTools(plan));
    return { plan, body, textLength, bounds, frame };
  }

  private decided(request: ReservingRequest, prompt: BoundedPrompt | null, decision: Decision, answer: Answer): void {
    countDecision(this.services.metrics, decision);
    const headers = rateLimitHeaders(request.protocol, decision.states, decision.serverTimeMs);
    if (!decision.granted) {
      answer({ outcome: 'refused', error: refusalError(decision.refusal, decision.states, Math.random), headers });
      return;
    }
    const held: Held = { id: request.id, group: request.caller.tenantId };
    if (request.isGone()) {
      this.services.limits.release(held);
      answer({ outcome: 'gone' });
      return;
    }
    this.open(request, { held, prompt, headers }, decision.serverTimeMs, answer);
  }

  private open(request: ReservingRequest, taken: Omit<Reserved, 'start'>, createdAtMs: number, answer: Answer): void {
    const start = recordAtStart({ ...request, createdAtMs });
    const reserved: Reserved = { start, ...taken };
    const { held } = taken;
    this.services.journal.begin(start, (error) => {
      if (error !== null) {
        if (held !== null) this.services.limits.release(held);
        answer(refusedForJournal());
      } else if (request.isGone()) {
        this.abandon(reserved);
        answer({ outcome: 'gone' });
      } else answer({ outcome: 'reserved', reserved });
    });
  }
}

function limitsFor({ plan, limits }: ReservingRequest): CallerLimits {
  const isByok = plan.attempts.every(({ endpoint }) => endpoint.provider.callers !== undefined);
  return isByok ? withoutBudgets(limits) : limits;
}

function boundedPrompt(request: DemandingRequest): BoundedPrompt | null {
  const { facts } = request.plan;
  if (isOpaque(facts)) return null;
  return { tokens: promptBound(request), hasTools: hasTools(request.plan) };
}

function hasTools({ facts }: Plan): boolean {
  return facts.parameters.includes('tools') || facts.parameters.includes('web_search_options');
}

function refusedForJournal(): Reservation {
  const error = new GatewayError(
    'temporarily_unavailable',
    'The gateway cannot record requests at the moment, so it takes none. Please retry.',
    { retryAfterS: JOURNAL_RETRY_S },
  );
  return { outcome: 'refused', error, headers: NO_HEADERS };
}

function internal(cause: unknown): GatewayError {
  const error = new GatewayError('internal', 'The limits of this request could not be checked.');
  error.cause = cause;
  return error;
}
