import type { Endpoint, EndpointHealth, HealthView, Provider, UpstreamFailure } from '@switchyard/contract';
import type { HealthRecorder, SeenSuccess } from '../dispatch-request.js';
import type { CircuitRules, EjectionCause } from './circuit.js';
import { CredentialRests } from './credential-rests.js';
import { EndpointBook, keyOf } from './endpoint-book.js';
import type { Catalogue } from './endpoint-book.js';
import { NOTHING_SEEN, falling, rising, sketchOf } from './endpoint-record.js';
import type { EndpointHistory, EndpointRecord, Sight } from './endpoint-record.js';
import { blameFor } from './failure-judgement.js';
import { SharedHealth } from './shared-health.js';

/** Ranking may lag behind observation by this much, so that plans can be reused in between. */
const EPOCH_MS = 1_000;
const MS_PER_S = 1_000;
/** Streams seen before their p95 says anything. */
const FIRST_TOKENS_MIN = 20;
/** How long a rate-limited credential rests when the upstream does not say, and at most. */
const COOLING_MS = 5_000;
const COOLING_MAX_MS = 60_000;

const FAILED: Sight = { passed: 0, failed: 1, faults: 1, latency: [], throughput: [] };
const REFUSED: Sight = { ...FAILED, faults: 0 };
const ANSWERED: Sight = { ...FAILED, passed: 1, failed: 0, faults: 0 };

/** What an operator should know of. Names of the configuration alone. */
export type HealthEvent =
  | {
      readonly type: 'ejected';
      readonly endpoint: Endpoint;
      readonly cause: EjectionCause;
      readonly times: number;
      readonly forMs: number;
    }
  | { readonly type: 'recovered'; readonly endpoint: Endpoint }
  | {
      readonly type: 'credential_refused';
      readonly provider: Provider;
      readonly credentialId: string;
      readonly reason: 'auth' | 'billing';
      /** False = it was refused before, and has not served since. */
      readonly isNews: boolean;
    };

export interface HealthTools {
  /** Monotonic. */
  readonly nowMs: () => number;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly onEvent: (event: HealthEvent) => void;
}

interface View {
  readonly epoch: number;
  readonly health: EndpointHealth;
  readonly firstTokenP95Ms: number | null;
}

/**
 * Recent outcomes per endpoint of the catalogue, those of other processes included: what ranking goes by, and whether an
 * endpoint may be tried at all.
 */
export class HealthTracker implements HealthView, HealthRecorder {
  /** What this process and others tell each other. */
  readonly shared: SharedHealth;
  private readonly book: EndpointBook;
  private readonly rests = new CredentialRests();
  private readonly views = new WeakMap<EndpointRecord, View>();

  constructor(
    private readonly tools: HealthTools,
    rules: CircuitRules,
    catalogue: Catalogue,
  ) {
    this.book = new EndpointBook(rules, catalogue);
    this.shared = new SharedHealth(this.book, this.rests, tools.nowMs);
  }

  /** Another configuration is in force: what its catalogue does not have is forgotten, and refused credentials get another chance. */
  configure(rules: CircuitRules, catalogue: Catalogue): void {
    this.book.rules = rules;
    this.book.learn(catalogue);
    this.rests.clear();
  }

  get epoch(): number {
    return Math.floor(this.tools.nowMs() / EPOCH_MS);
  }

  of(endpoint: Endpoint): EndpointHealth | null {
    return this.viewOf(endpoint)?.health ?? null;
  }

  firstTokenP95Ms(endpoint: Endpoint): number | null {
    return this.viewOf(endpoint)?.firstTokenP95Ms ?? null;
  }

  /** For listings. */
  historyOf(endpoint: Endpoint): EndpointHistory {
    return this.book.known(endpoint)?.history(this.tools.nowMs()) ?? NOTHING_SEEN;
  }

  /** When its last outcome was seen, on the tracker's clock; `null` = none was. */
  seenAtMs(endpoint: Endpoint): number | null {
    return this.book.known(endpoint)?.seenAtMs ?? null;
  }

  /** `trial` = its ejection is over, and no request has shown yet that it is well. */
  circuitOf(endpoint: Endpoint): 'closed' | 'ejected' | 'trial' {
    const circuit = this.book.known(endpoint)?.circuit;
    const nowMs = this.tools.nowMs();
    if (circuit?.isEjected(nowMs) === true) return 'ejected';
    return circuit?.isHalfOpen(nowMs) === true ? 'trial' : 'closed';
  }

  get ejectedCount(): number {
    const nowMs = this.tools.nowMs();
    let count = 0;
    for (const [, { circuit }] of this.book.all()) if (circuit.isEjected(nowMs)) count += 1;
    return count;
  }

  admit(endpoint: Endpoint, isLast: boolean): boolean {
    const record = this.book.known(endpoint);
    const nowMs = this.tools.nowMs();
    if (!isLast && !this.hasUsableCredential(endpoint, record, nowMs)) return false;
    // A last one is the trial as well, where one is wanted.
    const isAdmitted = record?.circuit.admit(nowMs, this.book.rules) ?? true;
    return isAdmitted || isLast;
  }

  isCredentialRested(provider: Provider, credentialId: string): boolean {
    if (!this.book.hasProvider(provider)) return true;
    return this.rests.isUsable(provider.id, credentialId, this.tools.nowMs());
  }

  recordSuccess(endpoint: Endpoint, credentialId: string, seen: SeenSuccess): void {
    const record = this.book.open(endpoint);
    if (record === null) return;
    this.see(record, sightOf(seen));
    this.rests.accept(endpoint.provider.id, credentialId);
    if (!record.circuit.pass(this.tools.nowMs())) return;
    record.forgive();
    this.tools.onEvent({ type: 'recovered', endpoint });
  }

  recordFailure(endpoint: Endpoint, credentialId: string, failure: UpstreamFailure): void {
    const record = this.book.open(endpoint);
    if (record === null) return;
    const blame = blameFor(failure.class);
    if (blame === 'endpoint') {
      this.see(record, FAILED);
      this.judge(endpoint, record);
      return;
    }
    record.circuit.release();
    if (failure.class === 'rate_limited') this.cool(endpoint, record, credentialId, failure.retryAfterS);
    if (blame === 'nothing') return;
    this.see(record, REFUSED);
    const { provider } = endpoint;
    const isNews = this.rests.refuse(provider.id, credentialId, this.tools.nowMs());
    const reason = failure.class === 'billing' ? 'billing' : 'auth';
    this.tools.onEvent({ type: 'credential_refused', provider, credentialId, reason, isNews });
  }

  recordNothing(endpoint: Endpoint): void {
    this.book.known(endpoint)?.circuit.release();
  }

  /** A request of Switchyard's own was answered: an ejection ends, and the next request is the trial. */
  recordAnsweredProbe(endpoint: Endpoint, credentialId: string): void {
    const record = this.book.open(endpoint);
    if (record === null) return;
    this.see(record, ANSWERED);
    this.rests.accept(endpoint.provider.id, credentialId);
    if (record.circuit.reopen(this.tools.nowMs())) this.shared.noteReopened(keyOf(endpoint));
  }

  private see(record: EndpointRecord, sight: Sight): void {
    record.add(this.tools.nowMs(), sight);
    record.remember(sight);
  }

  private judge(endpoint: Endpoint, record: EndpointRecord): void {
    const { nowMs, random, onEvent } = this.tools;
    const now = nowMs();
    const cause = record.circuit.fail(now, record.faults(now), this.book.rules, random);
    const ejection = record.circuit.ejection(now);
    if (cause === null || ejection === null) return;
    this.shared.noteEjected(keyOf(endpoint));
    onEvent({ type: 'ejected', endpoint, cause, times: ejection.times, forMs: ejection.leftMs });
  }

  private cool(
    endpoint: Endpoint,
    record: EndpointRecord,
    credentialId: string,
    retryAfterS: number | undefined,
  ): void {
    const waitMs = retryAfterS === undefined ? COOLING_MS : Math.min(COOLING_MAX_MS, retryAfterS * MS_PER_S);
    const untilMs = this.tools.nowMs() + waitMs;
    record.cooling.set(credentialId, untilMs);
    this.rests.cool(endpoint.provider.id, credentialId, untilMs);
  }

  /** A provider that needs no credential is known by the one id that dispatch gives to none. */
  private hasUsableCredential({ provider }: Endpoint, record: EndpointRecord | null, nowMs: number): boolean {
    if (!this.book.hasProvider(provider)) return true;
    const isUsable = (id: string): boolean =>
      nowMs >= (record?.cooling.get(id) ?? 0) && !this.rests.isRefused(provider.id, id, nowMs);
    if (provider.credentials.length === 0) return record === null || [...record.cooling.keys()].every(isUsable);
    return provider.credentials.some(({ id }) => isUsable(id));
  }

  private viewOf(endpoint: Endpoint): View | null {
    const record = this.book.known(endpoint);
    if (record === null) return null;
    const { epoch } = this;
    let view = this.views.get(record);
    if (view?.epoch !== epoch)
      this.views.set(record, (view = viewAt(epoch, this.tools.nowMs(), record, this.book.rules)));
    return view;
  }
}

function viewAt(epoch: number, nowMs: number, record: EndpointRecord, rules: CircuitRules): View {
  const latency = record.latency5Min(nowMs);
  return {
    epoch,
    firstTokenP95Ms: latency.count < FIRST_TOKENS_MIN ? null : latency.at(0.95),
    health: {
      // What was before an ejection must not keep the trial from being made.
      band: record.circuit.isHalfOpen(nowMs) ? 'healthy' : record.band(nowMs),
      circuitOpen: record.circuit.isOpen(nowMs, rules),
      throughput: falling(record.throughput5Min(nowMs)),
      latency: rising(latency, 1 / MS_PER_S),
      toolSuccess: null,
    },
  };
}

function sightOf({ streamed, firstTokenMs, durationMs, outputTokens }: SeenSuccess): Sight {
  return {
    ...ANSWERED,
    latency: sketchOf(streamed ? firstTokenMs : null),
    throughput: sketchOf(durationMs > 0 ? outputTokens / (durationMs / MS_PER_S) : null),
  };
}
