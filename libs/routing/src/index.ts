/**
 * The policy engine: reads routing hints, merges the rules of all layers, decides which endpoints may serve a request
 * and in which order they are tried, and explains it. Pure: same arguments, same answer.
 */
export { CALLERS_HOST } from './filters/access-filters.js';
export { isHintKey } from './hints/hint-keys.js';
export { readProviderConfigs } from './hints/provider-configs.js';
export { readHints } from './hints/read-hints.js';
export type { HintContext } from './hints/read-hints.js';
export { mergePolicy } from './policy/merge-policy.js';
export type { MergedPolicy, PolicyByLayer } from './policy/merge-policy.js';
export type { Rule } from './policy/merged-rules.js';
export { plan } from './planning/plan.js';
export type { PlanInput } from './planning/plan.js';
export { recheck } from './planning/recheck.js';
export { explainPlan } from './planning/explain-plan.js';
