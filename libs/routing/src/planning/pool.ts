import type { Endpoint, HealthView, PolicyLayer, Reason, Rejection } from '@switchyard/contract';
import { supports } from '../filters/capability-filters.js';
import { collectReasons } from '../filters/hard-filters.js';
import { reason } from '../filters/request-view.js';
import type { RequestView } from '../filters/request-view.js';
import { candidateOf } from '../ranking/candidate.js';
import type { Candidate } from '../ranking/candidate.js';
import { isFlex } from '../ranking/rank-group.js';
import type { ModelRequest } from './model-request.js';

/** The endpoints of all models of a request, on their way from "serves the model" to "may be tried". */
export class Pool {
  private survivors: Candidate[] = [];
  private readonly refusals: Rejection[] = [];

  constructor(
    private readonly view: RequestView,
    private readonly health: HealthView,
  ) {}

  get candidates(): readonly Candidate[] {
    return this.survivors;
  }

  get rejected(): readonly Rejection[] {
    return this.refusals;
  }

  /**
   * Adds a model's endpoints: first every hard filter, then what depends on which endpoints are left: flex endpoints
   * serve alone where there are any, and endpoints that support what the request uses are preferred to those that do not.
   */
  add(asked: ModelRequest): void {
    const { view, health } = this;
    let left: Candidate[] = [];
    let reasons: Reason[] = [];
    for (const endpoint of asked.model.endpoints) {
      collectReasons(reasons, endpoint, asked, view);
      if (reasons.length === 0) {
        left.push(candidateOf(asked, endpoint, view.facts, health));
      } else {
        this.refuse(asked, endpoint, reasons);
        reasons = [];
      }
    }
    if (view.tiers.flex) left = this.keepFlex(left);
    left = this.keepCapable(left);
    this.survivors.push(...left);
  }

  /** Drops what health has ejected, as long as anything else is left to try. */
  dropEjected(): void {
    const open = ({ health }: Candidate): boolean => health?.circuitOpen === true;
    if (!this.survivors.some(open) || this.survivors.every(open)) return;
    this.survivors = this.keep(
      this.survivors,
      (candidate) => !open(candidate),
      () => reason('circuit_open', null, 'endpoint failed too often lately, and others are left'),
    );
  }

  /** Without fallbacks and without `order`, only the best endpoint of each model is tried. */
  keepFirstOfEachModel(ranked: readonly Candidate[], layer: PolicyLayer): readonly Candidate[] {
    const bests = new Set(new Map(ranked.toReversed().map((candidate) => [candidate.asked, candidate])).values());
    return this.keep(
      ranked,
      (candidate) => bests.has(candidate),
      () => reason('fallbacks_disabled', layer, 'fallbacks are off and another endpoint of the model comes first'),
    );
  }

  private keepFlex(candidates: readonly Candidate[]): Candidate[] {
    const { priority } = this.view.tiers;
    if (!candidates.some(isFlex)) return [...candidates];
    return this.keep(
      candidates,
      (candidate) => isFlex(candidate) || (priority && candidate.endpoint.serviceTier === 'priority'),
      () => reason('service_tier', 'request', 'the request asks for the flex tier, which other endpoints serve'),
    );
  }

  /** OpenRouter, "Provider Selection": a preference for these parameters holds even when they are not required. */
  private keepCapable(candidates: Candidate[]): Candidate[] {
    const { facts } = this.view;
    let left = candidates;
    for (const parameter of facts.parameters) {
      const code = PREFERRED_PARAMETERS.get(parameter);
      if (code === undefined || !left.some(({ endpoint }) => supports(endpoint, parameter, facts) === true)) continue;
      if (!left.some(({ endpoint }) => supports(endpoint, parameter, facts) === false)) continue;
      left = this.keep(
        left,
        ({ endpoint }) => supports(endpoint, parameter, facts) !== false,
        () => reason(code, null, `endpoint does not support ${parameter}, others of the model do`),
      );
    }
    return left;
  }

  private keep(
    candidates: readonly Candidate[],
    passes: (candidate: Candidate) => boolean,
    why: () => Reason,
  ): Candidate[] {
    const kept: Candidate[] = [];
    for (const candidate of candidates) {
      if (passes(candidate)) kept.push(candidate);
      else this.refuse(candidate.asked, candidate.endpoint, [why()]);
    }
    return kept;
  }

  private refuse({ model }: ModelRequest, endpoint: Endpoint, reasons: readonly Reason[]): void {
    this.refusals.push({ model: model.id, provider: endpoint.provider.id, endpoint: endpoint.tag, reasons });
  }
}

const PREFERRED_PARAMETERS: ReadonlyMap<string, 'tools' | 'require_parameters'> = new Map([
  ['tools', 'tools'],
  ['tool_choice', 'tools'],
  ['response_format', 'require_parameters'],
  ['structured_outputs', 'require_parameters'],
  ['verbosity', 'require_parameters'],
]);
