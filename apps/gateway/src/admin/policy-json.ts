import type { JsonObject, PolicyRules } from '@switchyard/contract';

/** Rules in the form of the configuration file; the reverse of `policyRules`. `null` = none. */
export function policyJson(rules: PolicyRules | null): JsonObject | null {
  if (rules === null) return null;
  const members = {
    only: rules.only,
    ignore: rules.ignore,
    order: rules.order,
    allow_fallbacks: rules.allowFallbacks,
    sort: rules.sort,
    partition: rules.partition,
    zdr: rules.zdr,
    data_collection: rules.dataCollection,
    enforce_distillable_text: rules.enforceDistillableText,
    require_parameters: rules.requireParameters,
    quantizations: rules.quantizations,
    max_price: rules.maxPrice && { ...rules.maxPrice },
    preferred_min_throughput: rules.preferredMinThroughput && { ...rules.preferredMinThroughput },
    preferred_max_latency: rules.preferredMaxLatency && { ...rules.preferredMaxLatency },
    regions: rules.regions,
    models: rules.models,
    sticky: rules.sticky,
  } satisfies Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
