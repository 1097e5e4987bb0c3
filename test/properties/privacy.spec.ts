import { inspect } from 'node:util';
import { UpstreamError } from '@switchyard/contract';
import type { CatalogSnapshot, DataPolicy, Endpoint, Model, PolicyRules, Provider } from '@switchyard/contract';
import { decodeBody, dialectOf } from '@switchyard/dialects';
import type { Dialect } from '@switchyard/dialects';
import { Dispatch, Drains, Hedges, RetryBudgets } from '@switchyard/dispatch';
import type { ClientSink, DispatchRequest, DispatchTools, Outcome } from '@switchyard/dispatch';
import { costFields, costOf, judgeUsage } from '@switchyard/metering';
import type { UsageRecord } from '@switchyard/metering';
import { mergePolicy, plan } from '@switchyard/routing';
import type { MergedPolicy } from '@switchyard/routing';
import { Metrics } from '@switchyard/telemetry';
import { AddressGuard, TimerWheel } from '@switchyard/transport';
import type { UpstreamCall, UpstreamHandler, UpstreamRequest } from '@switchyard/transport';
import fc from 'fast-check';
import { Settlement } from '../../apps/gateway/src/stops/settlement.js';
import { checkpointOf, recordAtStart } from '../../apps/gateway/src/stops/usage-record.js';
import { endpoint, model, planOf, provider } from '../testing/plan-fixture.js';

/**
 * Whatever the catalogue, whoever asks for privacy, and whatever fails on the way: a prompt under zero data retention goes
 * to endpoints that grant it and to no others, and no prompt at all goes into a log, a record or a metric.
 */

const CANARY = 'canary-7f3a-of-the-prompt';
const ANSWER_CANARY = 'canary-91bc-of-the-answer';

const FAULTS = [
  'answer',
  'status:500',
  'status:529',
  'status:429',
  'status:401',
  'status:404',
  'echo:400',
  'connect',
  'html',
  'prelude_then_cut',
  'content_then_cut',
  'silence',
] as const;
type Fault = (typeof FAULTS)[number];

const TIMEOUTS = {
  connectMs: 1_000,
  headersMs: 1_000,
  firstEventMs: 2_000,
  reasoningFirstEventMs: 2_000,
  progressMs: 2_000,
  pingsMs: 2_000,
  idleMs: 2_000,
  totalMs: 6_000,
  headerHoldMs: 500,
  nonStreamMs: 2_000,
  clientStallMs: 2_000,
};

// What there is and what is asked for.

const someDataPolicy: fc.Arbitrary<DataPolicy> = fc.record({
  trains: fc.constantFrom(true, false, null),
  retains: fc.constantFrom(true, false, null),
  zdr: fc.constantFrom(true, true, false, null),
  retentionDays: fc.constant(null),
  regions: fc.constant([]),
});

const someEndpoint = fc.record({
  modelId: fc.constantFrom('a/m', 'b/n'),
  providerId: fc.constantFrom('one', 'two', 'three', 'four'),
  dataPolicy: someDataPolicy,
  dearness: fc.nat(5),
});

const someRules: fc.Arbitrary<PolicyRules> = fc.record(
  {
    zdr: fc.boolean(),
    dataCollection: fc.constantFrom('allow', 'deny'),
    order: fc.shuffledSubarray(['one', 'two', 'three', 'four']),
    ignore: fc.subarray(['one', 'two', 'three', 'four'], { maxLength: 1 }),
    sort: fc.constantFrom('price', 'throughput', 'latency'),
    allowFallbacks: fc.boolean(),
  },
  { requiredKeys: [] },
);

const someCase = fc.record({
  endpoints: fc.array(someEndpoint, { minLength: 1, maxLength: 7 }),
  twoCredentials: fc.boolean(),
  speaksMessages: fc.subarray(['one', 'two', 'three', 'four']),
  layers: fc.record({
    operator: fc.option(someRules),
    tenant: fc.option(someRules),
    key: fc.option(someRules),
    request: fc.option(someRules),
  }),
  /** True = the plan is older than the policy: it was made when nobody had any rule. */
  isPlanStale: fc.boolean(),
  models: fc.constantFrom(['a/m'], ['a/m', 'b/n'], ['b/n', 'a/m']),
  protocol: fc.constantFrom('messages' as const, 'chat' as const),
  stream: fc.boolean(),
  hedging: fc.boolean(),
  cancelStopsBilling: fc.boolean(),
  /** Providers that health does not admit. */
  unwell: fc.subarray(['one', 'two', 'three', 'four']),
  faults: fc.array(fc.constantFrom(...FAULTS), { minLength: 8, maxLength: 8 }),
  leavesAfterMs: fc.option(fc.constantFrom(0, 400, 1_200)),
  seed: fc.nat(1_000),
});
type Case = typeof someCase extends fc.Arbitrary<infer Value> ? Value : never;

function catalogueOf({ endpoints, twoCredentials, speaksMessages }: Case): CatalogSnapshot {
  const names = twoCredentials ? ['first', 'second'] : ['first'];
  const credentials = names.map((id) => ({ id, apiKey: `upstream-${id}`, weight: 1 }));
  const hosts = new Map<string, Provider>();
  for (const id of ['one', 'two', 'three', 'four']) {
    const dialect = speaksMessages.includes(id) ? ('anthropic-messages' as const) : ('openai-chat' as const);
    hosts.set(id, provider(id, { dialect, profile: dialect, credentials }));
  }
  const built: Endpoint[] = endpoints.map(({ modelId, providerId, dataPolicy, dearness }, index) =>
    endpoint(modelId, hosts.get(providerId)!, {
      tag: `${providerId}/${String(index)}`,
      upstreamModel: `endpoint-${String(index)}`,
      dataPolicy,
      price: { ...endpoint(modelId, hosts.get(providerId)!).price, prompt: 1_000_000 * (1 + dearness) },
    }),
  );
  const models: Model[] = ['a/m', 'b/n'].map((id) =>
    model(id, { endpoints: built.filter(({ modelId }) => modelId === id) }),
  );
  const byId = new Map(models.map((one) => [one.id, one]));
  return {
    version: 'test',
    models,
    providers: [...hosts.values()],
    resolve: (id) => {
      const found = byId.get(id);
      return found === undefined ? null : { model: found, variants: [] };
    },
    findProvider: (slug) => hosts.get(slug) ?? null,
  };
}

// The upstreams.

class Upstream implements UpstreamCall {
  readonly bodySent = true;
  private isOver = false;

  constructor(
    readonly request: UpstreamRequest,
    private readonly handler: UpstreamHandler,
    private readonly fault: Fault,
  ) {}

  abort(): void {
    this.isOver = true;
  }
  pause(): void {}
  resume(): void {}

  /** Does what it does, once. */
  act(): void {
    if (this.isOver) return;
    const { fault, handler } = this;
    const [kind, status] = fault.split(':');
    if (kind === 'silence') return;
    this.isOver = true;
    if (kind === 'status') this.whole(Number(status), JSON.stringify({ error: { message: 'no', type: 'api_error' } }));
    else if (kind === 'echo') this.whole(Number(status), JSON.stringify(echoOf(this.request)));
    else if (kind === 'html') this.whole(200, `<html>${CANARY}</html>`);
    else if (kind === 'connect')
      handler.onError(new UpstreamError({ class: 'connect', status: null, message: 'refused' }));
    else this.stream(kind === 'answer', kind !== 'prelude_then_cut');
  }

  private whole(status: number, body: string): void {
    this.handler.onHeaders(status, { 'content-type': 'application/json' });
    this.handler.onData(Buffer.from(body));
    this.handler.onEnd();
  }

  private stream(isWhole: boolean, hasContent: boolean): void {
    const speaksMessages = this.request.path.endsWith('/messages');
    if (this.request.headers['accept'] !== 'text/event-stream') {
      if (isWhole) this.whole(200, JSON.stringify(speaksMessages ? MESSAGE : COMPLETION));
      else this.handler.onError(new UpstreamError({ class: 'connect', status: null, message: 'cut' }));
      return;
    }
    const [prelude, content, end] = speaksMessages ? MESSAGE_STREAM : COMPLETION_STREAM;
    this.handler.onHeaders(200, { 'content-type': 'text/event-stream' });
    this.handler.onData(Buffer.from(prelude + (hasContent ? content : '') + (isWhole ? end : '')));
    if (isWhole) this.handler.onEnd();
    else this.handler.onError(new UpstreamError({ class: 'truncated', status: 200, message: 'cut' }));
  }
}

/** An upstream's refusal in its own words, which repeat the prompt. */
function echoOf({ body }: UpstreamRequest): object {
  return { type: 'error', error: { type: 'invalid_request_error', message: `bad: ${body.toString()}`, param: CANARY } };
}

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'up',
  content: [{ type: 'text', text: ANSWER_CANARY }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 2 },
};
const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'up',
  choices: [{ index: 0, message: { role: 'assistant', content: ANSWER_CANARY }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};
const event = (data: { readonly type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const chunk = (delta: object, finishReason: string | null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;
type Parts = readonly [prelude: string, content: string, end: string];
const MESSAGE_STREAM: Parts = [
  event({ type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } } as { type: string }),
  event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string }) +
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ANSWER_CANARY } } as {
      type: string;
    }),
  event({ type: 'content_block_stop', index: 0 } as { type: string }) +
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } } as {
      type: string;
    }) +
    event({ type: 'message_stop' }),
];
const COMPLETION_STREAM: Parts = [
  chunk({ role: 'assistant', content: '' }, null),
  chunk({ content: ANSWER_CANARY }, null),
  `${chunk({}, 'stop')}data: [DONE]\n\n`,
];

// Switchyard around them.

class Clock {
  now = 0;
  private readonly periodic = new Set<() => void>();
  every(_periodMs: number, callback: () => void): () => void {
    this.periodic.add(callback);
    return () => this.periodic.delete(callback);
  }
  pass(milliseconds: number): void {
    for (const end = this.now + milliseconds; this.now < end;) {
      this.now += 100;
      for (const callback of [...this.periodic]) callback();
    }
  }
}

const CLIENT: ClientSink = {
  send: () => undefined,
  start: () => undefined,
  write: () => true,
  end: () => undefined,
  onceDrained: () => undefined,
  destroy: () => undefined,
};

/** Costly to make, and empty again whenever its delta was taken. */
const METRICS = new Metrics();

/** Every place that a request leaves something in: log lines, records and metrics. */
class Sinks {
  isSettled = false;
  private record: UsageRecord | null = null;
  private readonly texts: string[] = [];
  private readonly settlement: Settlement;

  constructor() {
    const note = (...said: readonly unknown[]): void => {
      this.texts.push(inspect(said, { depth: 10 }));
    };
    const services = {
      metrics: METRICS,
      journal: {
        finish: (record: unknown, saved: (error: null) => void) => {
          note(record);
          saved(null);
        },
      },
    };
    const log = { logger: { info: note, warn: note, error: note }, logRequest: note };
    const idle = { keep: note, remove: note, learn: note };
    this.settlement = new Settlement(log as never, idle as never, idle as never, idle as never, services as never);
  }

  /** The record of a request that begins. */
  start(record: UsageRecord): void {
    this.record = record;
    this.note(record);
  }

  /** What a running request writes down of itself. */
  checkpoint(soFar: Outcome): void {
    this.note(checkpointOf(this.record!, soFar));
  }

  settle(one: Case, outcome: Outcome, sendLast: () => void): void {
    this.isSettled = true;
    const start = this.record!;
    const ids = { requestId: 'req_1', unique: '1'.repeat(32) };
    const reserved = { start, held: null, prompt: null, headers: {} };
    const settled = { ids, caller: CALLER, protocol: one.protocol, sessionId: null, reserved };
    this.settlement.settle(settled, outcome, sendLast);
  }

  note(something: unknown): void {
    this.texts.push(inspect(something, { depth: 10 }));
  }

  get text(): string {
    return this.texts.join('\n') + JSON.stringify(METRICS.takeDelta());
  }
}

const CALLER = {
  keyId: 'key',
  tenantId: 'acme',
  label: 'key',
  permissions: new Set(['inference' as const]),
  keyPolicy: null,
  tenantPolicy: null,
  compat: new Set<never>(),
};

function toolsOf(one: Case, clock: Clock, sinks: Sinks, send: DispatchTools['transport']['send']): DispatchTools {
  const nowMs = (): number => clock.now;
  let draws = one.seed;
  return {
    transport: { send },
    wheel: new TimerWheel({ clock: { now: nowMs, every: (periodMs, callback) => clock.every(periodMs, callback) } }),
    health: {
      admit: ({ provider: { id } }, isLast) => isLast || !one.unwell.includes(id),
      isCredentialRested: (_provider, id) => id !== 'first',
      recordSuccess: () => undefined,
      recordFailure: () => undefined,
      recordNothing: () => undefined,
      firstTokenP95Ms: () => 300,
    },
    pricing: { costOf, costFields, judgeUsage },
    accounts: {
      admit: (_ask, answer) => {
        answer(null);
      },
      leave: () => undefined,
    },
    budgets: new RetryBudgets(
      {
        tenant: { ratio: 1, floor: 100, windowMs: 60_000 },
        provider: { ratio: 1, floor: 100 },
        process: { tokens: 1_000, cost: 1 },
      },
      nowMs,
    ),
    hedges: new Hedges(
      { enabled: one.hedging, maxShare: 1, maxNanoUsdPerHour: 1e12, maxInFlight: 10, minDelayMs: 200 },
      nowMs,
    ),
    drains: new Drains(),
    counters: {
      retryBudgetExhausted: (budget) => {
        sinks.note(budget);
      },
      hedged: (result) => {
        sinks.note(result);
      },
      abandoned: (nanoUsd) => {
        sinks.note(nanoUsd);
      },
    },
    guard: () => new AddressGuard([]),
    nowMs,
    random: () => (draws = (draws * 16_807 + 11) % 2_147_483_647) / 2_147_483_647,
    onFault: (error, id) => {
      sinks.note([error, id]);
    },
  };
}

function requestOf(one: Case, policy: MergedPolicy, sinks: Sinks): DispatchRequest {
  const client: Dialect = dialectOf(one.protocol === 'messages' ? 'anthropic-messages' : 'openai-chat');
  const json = {
    model: one.models[0],
    max_tokens: 64,
    stream: one.stream,
    messages: [{ role: 'user', content: CANARY }],
  };
  const body = decodeBody(Buffer.from(JSON.stringify(json)), { maxDepth: 64 });
  const { facts } = planOf([], { protocol: one.protocol, models: one.models, stream: one.stream });
  const planned = plan({
    facts,
    policy: one.isPlanStale ? mergePolicy({ operator: null, tenant: null, key: null, request: null }) : policy,
    catalog: catalogueOf(one),
    health: { epoch: 0, of: () => null },
    seed: one.seed,
    maxAttempts: 8,
    stickyEndpoint: null,
  });
  const start = recordAtStart({
    id: '1'.repeat(32),
    createdAtMs: 0,
    caller: CALLER,
    protocol: one.protocol,
    plan: planned,
  });
  sinks.start(start);
  return {
    requestId: 'req_1',
    tenantId: 'acme',
    generationId: '1'.repeat(32),
    createdS: 1,
    client,
    body,
    conversation: () => client.readRequest(body.json),
    plan: planned,
    policy,
    stream: one.stream,
    includeUsage: false,
    choices: 1,
    compatNaga: false,
    wantsRouting: false,
    forwardedHeaders: {},
    hashUser: null,
    timeouts: TIMEOUTS,
    maxAttempts: 8,
    cancelStopsBilling: one.cancelStopsBilling,
    isHintKey: () => false,
    sendError: () => undefined,
    onSettled: (outcome, sendLast) => {
      sinks.settle(one, outcome, sendLast);
    },
  };
}

/** Serves one request to its end; what was sent upstream, and all that was left behind. */
function serve(one: Case): { readonly sent: readonly UpstreamRequest[]; readonly sinks: Sinks } {
  const clock = new Clock();
  const sinks = new Sinks();
  const calls: Upstream[] = [];
  const tools = toolsOf(one, clock, sinks, (request, handler) => {
    const call = new Upstream(request, handler, one.faults[calls.length % one.faults.length]!);
    calls.push(call);
    return call;
  });
  const request = requestOf(one, mergePolicy(one.layers), sinks);
  if (request.plan.attempts.length === 0) return { sent: [], sinks };
  const dispatch = new Dispatch(request, CLIENT, tools);
  dispatch.start();
  for (let elapsed = 0; elapsed < 8_000 && !sinks.isSettled; elapsed += 400) {
    if (one.leavesAfterMs !== null && elapsed >= one.leavesAfterMs) dispatch.clientGone();
    for (const call of [...calls]) call.act();
    if (elapsed === 400) sinks.checkpoint(dispatch.soFar());
    clock.pass(400);
  }
  return { sent: calls.map((call) => call.request), sinks };
}

const asks = ({ layers }: Case, rule: (rules: PolicyRules) => boolean): boolean =>
  Object.values(layers).some((rules) => rules !== null && rule(rules));

describe('privacy', () => {
  it('holds through fallback, retries, hedges and whatever fails', () => {
    const seen = { sent: 0, strict: 0, later: 0 };
    fc.assert(
      fc.property(someCase, (one) => {
        const { sent, sinks } = serve(one);
        const wantsZdr = asks(one, ({ zdr }) => zdr === true);
        const deniesTraining = asks(one, ({ dataCollection }) => dataCollection === 'deny');
        for (const { body } of sent) {
          expect(body.toString()).toContain(CANARY);
          const { model: upstreamModel } = JSON.parse(body.toString()) as { model: string };
          const { dataPolicy } = one.endpoints[Number(upstreamModel.replace('endpoint-', ''))]!;
          if (wantsZdr) expect(dataPolicy.zdr).toBe(true);
          if (deniesTraining) expect(dataPolicy.trains).toBe(false);
        }
        expect(sinks.text).not.toContain(CANARY);
        expect(sinks.text).not.toContain(ANSWER_CANARY);
        seen.sent += sent.length;
        if (wantsZdr || deniesTraining) {
          seen.strict += sent.length;
          seen.later += Math.max(0, sent.length - 1);
        }
      }),
      { numRuns: 10_000 },
    );
    // What was not tried was not shown: prompts under a privacy rule were sent, and sent again after a failure.
    expect(seen.strict).toBeGreaterThan(1_000);
    expect(seen.later).toBeGreaterThan(300);
  }, 120_000);
});
