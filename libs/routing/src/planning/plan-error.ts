import { errorDocsUrl } from '@switchyard/contract';
import type { CatalogSnapshot, JsonObject, JsonValue, PlanError, Reason, Rejection } from '@switchyard/contract';
import { isModelAllowed } from '../filters/access-filters.js';
import { contextOf, overflows } from '../filters/capability-filters.js';
import type { RequestView } from '../filters/request-view.js';
import { bindingConstraint, tellingRejections } from './binding-constraint.js';
import type { AvailabilityCode, Constraint } from './binding-constraint.js';
import { fallbackModels } from './fallback-models.js';
import type { ModelRequest } from './model-request.js';

export interface Refusal {
  readonly view: RequestView;
  readonly catalog: CatalogSnapshot;
  readonly requests: readonly ModelRequest[];
  readonly rejected: readonly Rejection[];
}

/** Ids are the caller's text; an answer repeats no more of one than this. */
const SHOWN_ID_LENGTH = 200;

/**
 * Why nothing may serve the request, in the words of the error table, with the `availability` object that OpenRouter
 * documents under "Errors and Debugging" and, beyond it, the layer whose rule is in the way.
 */
export function planError({ view, catalog, requests, rejected }: Refusal): PlanError {
  const allowed = requests.filter(({ model }) => isModelAllowed(view.policy, model));
  if (allowed.length === 0) return modelNotFound(view);
  const visible = new Set(allowed.map(({ model }) => model.id));
  const refusal: Refusal = {
    view,
    catalog,
    requests: allowed,
    rejected: tellingRejections(rejected.filter(({ model }) => visible.has(model))),
  };
  return contextExceeded(refusal) ?? noEligibleEndpoint(refusal);
}

/** One text for a model that does not exist and one that the caller may not use: which of the two is nobody's business. */
function modelNotFound({ facts }: RequestView): PlanError {
  const ids = facts.models.map((id) => `\`${id.slice(0, SHOWN_ID_LENGTH)}\``).join(', ');
  const message =
    facts.models.length === 1
      ? `The model ${ids} does not exist or you do not have access to it.`
      : `The models ${ids} do not exist or you do not have access to them.`;
  return {
    code: 'model_not_found',
    message,
    availability: {
      code: 'model_not_found',
      retryable: false,
      requested_models: facts.models,
      docs_url: errorDocsUrl('model_not_found'),
    },
  };
}

/** Nothing but the length is in the way. Said in Anthropic's words, by which its clients know when to compact a conversation. */
function contextExceeded(refusal: Refusal): PlanError | null {
  const { facts } = refusal.view;
  const most = longestContext(refusal);
  if (most === null) return null;
  const { promptTokensEstimate: prompt, maxOutputTokens } = facts;
  const message =
    prompt > most
      ? `prompt is too long: ${prompt} tokens > ${most} maximum`
      : `input length and \`max_tokens\` exceed context limit: ${prompt} + ${maxOutputTokens ?? 0} > ${most}, decrease input length or \`max_tokens\` and try again`;
  const constraint: Constraint = { field: 'context_length', detail: message, layer: null };
  return {
    code: 'context_length_exceeded',
    message,
    availability: availabilityOf('constraint_filtered', refusal, constraint),
  };
}

/**
 * The longest context among the endpoints that only their context keeps out; `null` when there are none, or when one of
 * them would take the prompt and merely not give that much output.
 */
function longestContext({ view, requests, rejected }: Refusal): number | null {
  const near = new Set(
    rejected.filter(({ reasons }) => reasons.every(isContext)).map(({ model, endpoint }) => `${model} ${endpoint}`),
  );
  let longest: number | null = null;
  for (const { model } of requests) {
    for (const endpoint of model.endpoints) {
      if (!near.has(`${model.id} ${endpoint.tag}`)) continue;
      if (!overflows(endpoint, model, view.facts)) return null;
      longest = Math.max(longest ?? 0, contextOf(endpoint, model) ?? 0);
    }
  }
  return longest;
}

function isContext({ code }: Reason): boolean {
  return code === 'context_length';
}

function noEligibleEndpoint(refusal: Refusal): PlanError {
  const { rejected, requests } = refusal;
  const models = [...new Set(requests.map(({ model }) => model.id))].join(', ');
  const binding = bindingConstraint(rejected);
  const message =
    binding === null
      ? `No endpoint is configured for ${models}.`
      : `No endpoint may serve ${models} under the rules in force. Providers serving it: ${providersOf(rejected).join(', ')}. ${exclusions(rejected)}`;
  return {
    code: 'no_eligible_endpoint',
    message,
    availability: availabilityOf(binding?.code ?? 'no_endpoints', refusal, binding?.constraint ?? null),
  };
}

/** One sentence per rule: the filter, whose rule it is, what it says, and the endpoints that it keeps out. */
function exclusions(rejected: readonly Rejection[]): string {
  const byRule = new Map<string, { detail: string; endpoints: Set<string> }>();
  for (const { endpoint, reasons } of rejected) {
    for (const { code, layer, detail } of reasons) {
      const rule = layer === null ? code : `${code} of the ${layer}`;
      const entry = byRule.get(rule) ?? { detail, endpoints: new Set() };
      entry.endpoints.add(endpoint);
      byRule.set(rule, entry);
    }
  }
  return [...byRule]
    .map(([rule, { detail, endpoints }]) => `Excluded by ${rule} (${detail}): ${[...endpoints].join(', ')}.`)
    .join(' ');
}

/** Empty members are left out, as OpenRouter does. */
function availabilityOf(code: AvailabilityCode, refusal: Refusal, constraint: Constraint | null): JsonObject {
  const { view, catalog, requests, rejected } = refusal;
  const affected = providersOf(rejected);
  const excludedBy = [...new Set(rejected.flatMap(({ reasons }) => reasons.map((reason) => reason.code)))].sort();
  const others = fallbackModels(view, requests, catalog);
  const members: Record<string, JsonValue> = { code, retryable: false, requested_models: view.facts.models };
  if (affected.length > 0) members['affected_providers'] = affected;
  if (excludedBy.length > 0) members['excluded_by'] = excludedBy;
  if (others.length > 0) members['fallback_models'] = others;
  if (constraint !== null) members['constraint'] = { ...constraint };
  members['docs_url'] = errorDocsUrl(code);
  return members;
}

function providersOf(rejected: readonly Rejection[]): readonly string[] {
  return [...new Set(rejected.map(({ provider }) => provider))].sort();
}
