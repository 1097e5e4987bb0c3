import { Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { Endpoint, Model, ReasonCode, RequestFacts } from '@switchyard/contract';
import { mergePolicy, recheck } from '@switchyard/routing';
import type { Admission } from './admission.js';

/** A model with those of its endpoints that a caller may reach. */
export interface PermittedModel {
  readonly model: Model;
  /** At least one. */
  readonly endpoints: readonly Endpoint[];
}

const ID_SHOWN_MAX = 200;

/** A request that asks for nothing in particular, so that only rules speak against an endpoint. */
const PLAIN_REQUEST: RequestFacts = {
  protocol: 'chat',
  models: [],
  parameters: [],
  inputModalities: [],
  outputModalities: [],
  inexpressible: {},
  promptTokensEstimate: 0,
  maxOutputTokens: null,
  images: 0,
  stream: false,
  serviceTier: null,
  speed: null,
};

/** Reasons that depend on the request or on the moment: another request, or the same one later, may reach the endpoint. */
const PASSING_REASONS: ReadonlySet<ReasonCode> = new Set([
  'service_tier',
  'variant',
  'fallbacks_disabled',
  'circuit_open',
  'context_length',
  'modality',
  'tools',
  'require_parameters',
]);

/** Which models a caller may reach under the rules of the operator, the tenant and the key. */
@Injectable()
export class ModelAccess {
  private readonly known = new WeakMap<Admission['loaded'], WeakMap<Admission['caller'], readonly PermittedModel[]>>();

  /** In the order of the catalogue. */
  permitted(admission: Admission): readonly PermittedModel[] {
    let ofLoaded = this.known.get(admission.loaded);
    if (ofLoaded === undefined) this.known.set(admission.loaded, (ofLoaded = new WeakMap()));
    let models = ofLoaded.get(admission.caller);
    if (models === undefined) ofLoaded.set(admission.caller, (models = permittedModels(admission)));
    return models;
  }

  /**
   * The model of an id, alias or variant. Throws `GatewayError(model_not_found)` with one text for a model that does not
   * exist and one that the caller may not know of.
   */
  find(admission: Admission, id: string): PermittedModel {
    const model = admission.loaded.config.catalog.resolve(id)?.model;
    const permitted = this.permitted(admission).find((candidate) => candidate.model.id === model?.id);
    if (permitted !== undefined) return permitted;
    const message = `The model \`${id.slice(0, ID_SHOWN_MAX)}\` does not exist or you do not have access to it.`;
    throw new GatewayError('model_not_found', message, { param: 'model' });
  }
}

function permittedModels({ loaded, caller }: Admission): readonly PermittedModel[] {
  const { catalog, routing } = loaded.config;
  const policy = mergePolicy({
    operator: routing.policy,
    tenant: caller.tenantPolicy,
    key: caller.keyPolicy,
    request: null,
  });
  return catalog.models.flatMap((model) => {
    const facts = { ...PLAIN_REQUEST, models: [model.id] };
    const endpoints = model.endpoints.filter((endpoint) =>
      recheck(policy, facts, model, endpoint).every(({ code }) => PASSING_REASONS.has(code)),
    );
    return endpoints.length === 0 ? [] : [{ model, endpoints }];
  });
}
