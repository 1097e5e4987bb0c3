import type { MaxPrice, Percentiles, PolicyRules, Quantization, SortKey } from '@switchyard/contract';
import type { FoundHints } from './collect-provider-hints.js';

/** Smallest cap in USD per million tokens that does not look like a price per token. */
const LEAST_PLAUSIBLE_CAP = 0.001;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The rules that a request lays down. Hints that forbid nothing (`zdr: false`) leave no rule. */
export function policyOfHints(found: FoundHints): PolicyRules {
  const rules: Mutable<PolicyRules> = {};
  const maxPrice: Mutable<MaxPrice> = {};
  for (const [property, { value }] of found) {
    switch (property) {
      case 'order':
      case 'only':
      case 'ignore':
        rules[property] = value as readonly string[];
        break;
      case 'quantizations':
        rules.quantizations = value as readonly Quantization[];
        break;
      case 'sort':
        rules.sort = value as SortKey;
        break;
      case 'sort_partition':
        rules.partition = value as 'model' | 'none';
        break;
      case 'data_collection':
        rules.dataCollection = value as 'allow' | 'deny';
        break;
      case 'allow_fallbacks':
        rules.allowFallbacks = value as boolean;
        break;
      case 'sticky':
        rules.sticky = value as boolean;
        break;
      case 'zdr':
        if (value === true) rules.zdr = true;
        break;
      case 'enforce_distillable_text':
        if (value === true) rules.enforceDistillableText = true;
        break;
      case 'require_parameters':
        rules.requireParameters = true;
        break;
      case 'preferred_min_throughput':
        rules.preferredMinThroughput = value as Percentiles;
        break;
      case 'preferred_max_latency':
        rules.preferredMaxLatency = value as Percentiles;
        break;
      default:
        maxPrice[property.slice('max_'.length, -'_price'.length) as keyof MaxPrice] = value as number;
        rules.maxPrice = maxPrice;
    }
  }
  return rules;
}

/** Remarks on hints that are valid but probably not what was meant. */
export function warningsOfHints(found: FoundHints): readonly string[] {
  const warnings: string[] = [];
  for (const property of ['max_prompt_price', 'max_completion_price']) {
    const hint = found.get(property);
    if (hint === undefined) continue;
    const cap = hint.value as number;
    if (cap > 0 && cap < LEAST_PLAUSIBLE_CAP) {
      warnings.push(`${hint.field} is ${cap} USD per million tokens, which looks like a price per single token`);
    }
  }
  return warnings;
}
