import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { MergedRules, Rule } from './merged-rules.js';

/**
 * The merged policy in the words of the configuration, each rule as `{ value, layer }`; rules that several layers lay
 * down side by side as a list of those. Rules that nobody set are absent.
 */
export function describePolicy(policy: MergedRules): JsonObject {
  const entries: readonly (readonly [string, JsonValue | null])[] = [
    ['only', describeAll(policy.only)],
    ['ignore', describeAll(policy.ignore)],
    ['models', describeAll(policy.models)],
    ['quantizations', describeAll(policy.quantizations)],
    ['regions', describeAll(policy.regions)],
    ['zdr', describe(policy.zdr)],
    ['data_collection', describe(policy.dataCollection)],
    ['enforce_distillable_text', describe(policy.enforceDistillableText)],
    ['require_parameters', describe(policy.requireParameters)],
    ['max_price', describeCaps(policy.maxPrice)],
    ['allow_fallbacks', describe(policy.allowFallbacks)],
    ['order', describe(policy.order)],
    ['sort', describe(policy.sort)],
    ['partition', describe(policy.partition)],
    ['preferred_min_throughput', describe(policy.preferredMinThroughput)],
    ['preferred_max_latency', describe(policy.preferredMaxLatency)],
    ['sticky', describe(policy.sticky)],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

function describe<T>(rule: Rule<T> | null): JsonObject | null {
  return rule === null ? null : { value: rule.value as JsonValue, layer: rule.layer };
}

function describeAll<T>(rules: readonly Rule<T>[]): JsonValue {
  return rules.length === 0 ? null : rules.map(describe);
}

function describeCaps(caps: MergedRules['maxPrice']): JsonValue {
  const entries = Object.entries(caps).map(([price, rule]) => [price, describe(rule)] as const);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
