import { ZERO_USAGE } from '@switchyard/contract';
import type { GatewayError, PlannedAttempt, UpstreamError } from '@switchyard/contract';
import { decodeBody, dialectOf } from '@switchyard/dialects';
import { mergePolicy } from '@switchyard/routing';
import { AddressGuard, TimerWheel } from '@switchyard/transport';
import type { UpstreamCall, UpstreamHandler, UpstreamRequest } from '@switchyard/transport';
import type { ClientSink } from '../client-sink.js';
import type { AccountGate } from '../account-gate.js';
import { Dispatch } from '../dispatch.js';
import type { DispatchCounters, DispatchRequest, DispatchTools, HealthRecorder } from '../dispatch-request.js';
import { Drains } from '../drains.js';
import { Hedges } from '../hedges.js';
import type { HedgeSettings } from '../hedges.js';
import type { Outcome } from '../outcome.js';
import { RetryBudgets } from '../retry-budgets.js';
import type { RetryBudgetSettings } from '../retry-budgets.js';
import { planOf } from '../../../../test/testing/plan-fixture.js';

/** One upstream request as the test sees and answers it. */
export class FakeCall implements UpstreamCall {
  aborted = false;
  paused = false;
  /** Headers were sent. */
  isAnswering = false;
  readonly bodySent = true;

  constructor(
    readonly request: UpstreamRequest,
    private readonly handler: UpstreamHandler,
  ) {}

  abort(): void {
    this.aborted = true;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }

  headers(status: number, contentType = 'application/json'): this {
    this.isAnswering = true;
    this.handler.onHeaders(status, { 'content-type': contentType });
    return this;
  }
  data(text: string): this {
    this.handler.onData(Buffer.from(text));
    return this;
  }
  end(): void {
    this.handler.onEnd();
  }
  error(error: UpstreamError): void {
    this.handler.onError(error);
  }
  /** A whole JSON answer. */
  json(status: number, body: object): void {
    this.headers(status).data(JSON.stringify(body)).end();
  }
  /** The head of an event stream. */
  stream(): this {
    return this.headers(200, 'text/event-stream');
  }
}

/** What the client got, in order. */
export class FakeClient implements ClientSink {
  readonly log: string[] = [];
  text = '';
  ended = false;
  full = false;
  headers: Readonly<Record<string, string>> = {};
  private drained: (() => void) | null = null;

  send(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    this.log.push(`send ${String(status)}`);
    this.headers = headers;
    this.text += body.toString();
    this.ended = true;
  }
  start(headers: Readonly<Record<string, string>>): void {
    this.log.push('start');
    this.headers = headers;
  }
  write(text: string): boolean {
    this.log.push('write');
    this.text += text;
    return !this.full;
  }
  end(text: string): void {
    this.log.push('end');
    this.text += text;
    this.ended = true;
  }
  onceDrained(listener: () => void): void {
    this.drained = listener;
  }
  destroy(): void {
    this.log.push('destroy');
  }
  drain(): void {
    this.full = false;
    this.drained?.();
  }
}

/** A dispatch with everything around it in the test's hand: upstreams, client, clock. */
export interface Stage {
  readonly dispatch: Dispatch;
  readonly client: FakeClient;
  readonly calls: FakeCall[];
  readonly outcomes: Outcome[];
  readonly errors: GatewayError[];
  /** Lets time pass, tick by tick. */
  pass(milliseconds: number): void;
  /** Whether a timer is set: the wheel turns as long as one is, and a tick longer. */
  hasTimers(): boolean;
}

export const TIMEOUTS = {
  connectMs: 1_000,
  headersMs: 5_000,
  firstEventMs: 20_000,
  reasoningFirstEventMs: 100_000,
  progressMs: 60_000,
  pingsMs: 300_000,
  idleMs: 5_000,
  totalMs: 60_000,
  headerHoldMs: 10_000,
  nonStreamMs: 15_000,
  clientStallMs: 8_000,
};

/** Everything is well, whatever is recorded. */
export const HEALTHY: HealthRecorder = {
  admit: () => true,
  isCredentialRested: () => true,
  recordSuccess: () => undefined,
  recordFailure: () => undefined,
  recordNothing: () => undefined,
  firstTokenP95Ms: () => null,
};

const AMPLE_BUDGETS: RetryBudgetSettings = {
  tenant: { ratio: 1, floor: 1_000, windowMs: 60_000 },
  provider: { ratio: 1, floor: 1_000 },
  process: { tokens: 1_000_000, cost: 1 },
};

const NO_HEDGING: HedgeSettings = {
  enabled: false,
  maxShare: 0,
  maxNanoUsdPerHour: 0,
  maxInFlight: 1,
  minDelayMs: 500,
};

const NOT_COUNTED: DispatchCounters = {
  retryBudgetExhausted: () => undefined,
  hedged: () => undefined,
  abandoned: () => undefined,
};

/** Grants everything. */
export const OPEN_GATE: AccountGate = {
  admit: (_ask, answer) => {
    answer(null);
  },
  leave: () => undefined,
};

export function stage(
  attempts: readonly PlannedAttempt[],
  fields: Partial<DispatchRequest> = {},
  accounts: AccountGate = OPEN_GATE,
  tools: Partial<DispatchTools> = {},
): Stage {
  const clock = fakeClock();
  const calls: FakeCall[] = [];
  const outcomes: Outcome[] = [];
  const errors: GatewayError[] = [];
  const client = new FakeClient();
  const stream = fields.stream ?? false;
  const body = decodeBody(
    Buffer.from(JSON.stringify({ model: 'a/m', max_tokens: 64, stream, messages: [{ role: 'user', content: 'Hi' }] })),
    { maxDepth: 64 },
  );
  const chat = dialectOf('openai-chat');
  const request: DispatchRequest = {
    requestId: 'req_1',
    tenantId: 'acme',
    generationId: '1',
    createdS: 1,
    client: chat,
    body,
    conversation: () => chat.readRequest(body.json),
    plan: planOf(attempts, { stream }),
    policy: mergePolicy({ operator: null, tenant: null, key: null, request: null }),
    stream,
    includeUsage: false,
    choices: 1,
    compatNaga: false,
    wantsRouting: false,
    forwardedHeaders: {},
    timeouts: TIMEOUTS,
    maxAttempts: 8,
    cancelStopsBilling: true,
    isHintKey: () => false,
    hashUser: null,
    sendError: (error) => errors.push(error),
    onSettled: (outcome, sendLast) => {
      outcomes.push(outcome);
      sendLast();
    },
    ...fields,
  };
  const dispatch = new Dispatch(request, client, {
    transport: {
      send: (upstream, handler) => {
        const call = new FakeCall(upstream, handler);
        calls.push(call);
        return call;
      },
    },
    wheel: new TimerWheel({ clock: clock.wheel }),
    health: HEALTHY,
    pricing: {
      costOf: (usage) => ({
        nanoUsd: usage.uncachedInput + usage.output,
        inputNanoUsd: usage.uncachedInput,
        outputNanoUsd: usage.output,
        incomplete: false,
      }),
      costFields: ({ nanoUsd }) => ({ cost: nanoUsd }),
      judgeUsage: ({ present, usage, suspect }, { promptTokensEstimate, contentLength, broken }) => ({
        usage: present
          ? { ...usage, output: broken ? Math.max(usage.output, contentLength) : usage.output }
          : { ...ZERO_USAGE, uncachedInput: promptTokensEstimate, output: contentLength },
        source: !present ? 'estimated' : broken ? 'partial' : 'upstream',
        suspect,
      }),
    },
    accounts,
    guard: () => new AddressGuard([]),
    budgets: new RetryBudgets(AMPLE_BUDGETS, clock.now),
    hedges: new Hedges(NO_HEDGING, clock.now),
    drains: new Drains(),
    counters: NOT_COUNTED,
    nowMs: clock.now,
    random: () => 0,
    onFault: (error) => {
      throw error;
    },
    ...tools,
  });
  return { dispatch, client, calls, outcomes, errors, pass: clock.pass, hasTimers: clock.isTicking };
}

function fakeClock() {
  let now = 0;
  const periodic = new Set<{ readonly periodMs: number; readonly callback: () => void }>();
  return {
    now: () => now,
    isTicking: () => periodic.size > 0,
    wheel: {
      now: () => now,
      every: (periodMs: number, callback: () => void) => {
        const entry = { periodMs, callback };
        periodic.add(entry);
        return () => {
          periodic.delete(entry);
        };
      },
    },
    pass: (milliseconds: number) => {
      for (const end = now + milliseconds; now < end;) {
        now += 100;
        for (const { callback } of [...periodic]) callback();
      }
    },
  };
}
