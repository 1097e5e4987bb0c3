import { Inject, Injectable } from '@nestjs/common';
import { DIALECT_IDS, GatewayError, PROTOCOL_DIALECT } from '@switchyard/contract';
import type {
  CatalogSnapshot,
  DialectId,
  HealthView,
  Plan,
  PolicyRules,
  Protocol,
  RequestFacts,
  RoutingHints,
} from '@switchyard/contract';
import { dialectOf } from '@switchyard/dialects';
import type { BodyFacts } from '@switchyard/dialects';
import { HealthTracker } from '@switchyard/dispatch';
import { requirePermission } from '@switchyard/identity';
import type { Caller } from '@switchyard/identity';
import { estimatePromptTokens } from '@switchyard/metering';
import { mergePolicy, plan, readHints, readProviderConfigs } from '@switchyard/routing';
import type { MergedPolicy } from '@switchyard/routing';
import type { PlanningInput, PlanningService } from '../control/planning.js';
import { RuntimeState } from '../control/runtime-state.js';
import type { Loaded } from '../control/runtime-state.js';
import { withCallersProviders } from './byok/callers-providers.js';
import { StickySessions } from './sticky-sessions.js';

/** A request that has been read, understood and planned. */
export interface PlannedRequest {
  readonly plan: Plan;
  readonly policy: MergedPolicy;
  readonly hints: RoutingHints;
  /** Characters of text that will be tokenised. */
  readonly textLength: number;
}

const SEED_RANGE = 2 ** 32;

/** Stops 3 and 4: facts and policy of a request, and the plan they make. Used by the edge and by explain alike, so that the two cannot disagree. */
@Injectable()
export class Planner implements PlanningService {
  /** Merged policies of requests without rules of their own, per configuration and caller: most requests. */
  private readonly plainPolicies = new WeakMap<Loaded, WeakMap<Caller, MergedPolicy>>();

  constructor(
    private readonly state: RuntimeState,
    @Inject(HealthTracker) private readonly health: HealthView,
    private readonly sticky: StickySessions,
  ) {}

  planFor(input: PlanningInput): PlannedRequest {
    const loaded = this.state.current;
    const { caller, protocol, body, sessionIdHeader } = input;
    const { routing } = loaded.config;
    const bodyFacts = dialectOf(PROTOCOL_DIALECT[protocol]).readFacts(body);
    const hints = readHints(body, { sessionIdHeader, maxModels: routing.maxModels, protocol });
    const catalog = catalogFor(loaded, caller, hints);
    const facts = { ...factsOf(protocol, bodyFacts, hints), needsKnownPrice: loaded.limitsOf(caller).hasBudget };
    const policy = this.policyOf(loaded, caller, hints.rules);
    const drawn = plan({
      facts,
      policy,
      catalog,
      health: this.health,
      seed: routing.seed ?? Math.floor(Math.random() * SEED_RANGE),
      maxAttempts: routing.maxAttempts,
      stickyEndpoint: this.sticky.endpointFor(caller.tenantId, hints.sessionId),
    });
    return { plan: withWarnings(drawn, hints), policy, hints, textLength: bodyFacts.textLength };
  }

  private policyOf(loaded: Loaded, caller: Caller, rules: PolicyRules): MergedPolicy {
    if (Object.keys(rules).length > 0) return merged(loaded, caller, rules);
    let policies = this.plainPolicies.get(loaded);
    if (policies === undefined) {
      policies = new WeakMap();
      this.plainPolicies.set(loaded, policies);
    }
    let policy = policies.get(caller);
    if (policy === undefined) {
      policy = merged(loaded, caller, rules);
      policies.set(caller, policy);
    }
    return policy;
  }
}

function merged(loaded: Loaded, caller: Caller, request: PolicyRules): MergedPolicy {
  const { policy: operator } = loaded.config.routing;
  return mergePolicy({ operator, tenant: caller.tenantPolicy, key: caller.keyPolicy, request });
}

/** The catalogue, with the accounts and providers over it that a caller who may do so brought along. */
function catalogFor(
  { config, addressGuard }: Loaded,
  caller: Caller,
  { providerConfigs }: RoutingHints,
): CatalogSnapshot {
  if (providerConfigs === null) return config.catalog;
  requirePermission(caller, 'byok');
  return withCallersProviders(readProviderConfigs(providerConfigs), {
    catalog: config.catalog,
    guard: addressGuard,
    timeouts: config.timeouts,
    pepper: config.security.pepper,
    tenantId: caller.tenantId,
  });
}

function factsOf(protocol: Protocol, body: BodyFacts, hints: RoutingHints): RequestFacts {
  const models = modelsOf(body.model, hints.models);
  if (models.length === 0) {
    throw new GatewayError('invalid_request', 'model is required: a model id such as "anthropic/claude-sonnet-4.5".', {
      param: 'model',
    });
  }
  return {
    protocol,
    models,
    parameters: body.parameters,
    inputModalities: body.inputModalities,
    outputModalities: body.outputModalities,
    inexpressible: inexpressibleIn(PROTOCOL_DIALECT[protocol], body.parameters),
    promptTokensEstimate: estimatePromptTokens(body.textLength, body.images),
    maxOutputTokens: body.maxOutputTokens,
    images: body.images,
    stream: body.stream,
    serviceTier: body.serviceTier ?? hints.serviceTier,
    speed: body.speed,
  };
}

function modelsOf(model: string | null, fallbacks: readonly string[]): readonly string[] {
  if (model === null) return fallbacks;
  return fallbacks.length === 0 ? [model] : [...new Set([model, ...fallbacks])];
}

function inexpressibleIn(own: DialectId, parameters: readonly string[]): RequestFacts['inexpressible'] {
  const result: Partial<Record<DialectId, readonly string[]>> = {};
  for (const id of DIALECT_IDS) {
    if (id === own) continue;
    const { expressible } = dialectOf(id);
    result[id] = parameters.filter((parameter) => !expressible.has(parameter));
  }
  return result;
}

function withWarnings(drawn: Plan, hints: RoutingHints): Plan {
  return hints.warnings.length === 0 ? drawn : { ...drawn, warnings: [...hints.warnings, ...drawn.warnings] };
}

/** The error a plan without attempts answers with. */
export function planErrorOf(plan: Plan): GatewayError | null {
  if (plan.error === null) return null;
  const { code, message, availability } = plan.error;
  return new GatewayError(code, message, { availability });
}
