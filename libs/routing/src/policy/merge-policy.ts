import { hash } from 'node:crypto';
import { POLICY_LAYERS } from '@switchyard/contract';
import type { MaxPrice, PolicyLayer, PolicyRules } from '@switchyard/contract';
import { describePolicy } from './describe-policy.js';
import { compilePolicy } from './compiled-policy.js';
import type { CompiledPolicy } from './compiled-policy.js';
import type { MergedRules, Rule } from './merged-rules.js';

/**
 * A merged policy. Made by `mergePolicy` alone; carries its lookups, since a weak table of policies that live for one
 * request each costs more than making them.
 */
export interface MergedPolicy extends MergedRules {
  /** Equal for equal rules from equal layers, in every process: keys caches. */
  readonly hash: string;
  readonly compiled: CompiledPolicy;
}

export type PolicyByLayer = Readonly<Record<PolicyLayer, PolicyRules | null>>;

const NONE: PolicyRules = Object.freeze({});
const DIGEST_LENGTH = 32;
const PRICES: readonly (keyof MaxPrice)[] = ['prompt', 'completion', 'request', 'image', 'audio'];

/** Merged policies of requests without rules of their own: almost all of them, and the layers above seldom change. */
const merged = new WeakMap<PolicyRules, WeakMap<PolicyRules, WeakMap<PolicyRules, MergedPolicy>>>();

/**
 * Merges the rules of all layers. A layer can only narrow what the layers before it allow: allowlists intersect,
 * denylists add up, privacy switches and `require_parameters` hold once anybody set them, the lowest price cap counts.
 * Ordering is no permission: there the most specific layer wins. An empty `only` or `regions` allows nothing; other
 * empty lists are no rule.
 *
 * Calls with the same layer objects and no rules in the request return the same object.
 */
export function mergePolicy(layers: PolicyByLayer): MergedPolicy {
  const { operator, tenant, key, request } = layers;
  if (request !== null && Object.keys(request).length > 0) return merge(layers);
  const byTenant = childOf(
    merged,
    operator ?? NONE,
    () => new WeakMap<PolicyRules, WeakMap<PolicyRules, MergedPolicy>>(),
  );
  const byKey = childOf(byTenant, tenant ?? NONE, () => new WeakMap<PolicyRules, MergedPolicy>());
  return childOf(byKey, key ?? NONE, () => merge({ ...layers, request: null }));
}

function childOf<V>(parent: WeakMap<PolicyRules, V>, at: PolicyRules, make: () => V): V {
  let child = parent.get(at);
  if (child === undefined) {
    child = make();
    parent.set(at, child);
  }
  return child;
}

function merge(layers: PolicyByLayer): MergedPolicy {
  const rules: MergedRules = {
    only: all(layers, 'only'),
    ignore: all(layers, 'ignore').filter(isNotEmpty),
    models: all(layers, 'models').filter(isNotEmpty),
    quantizations: all(layers, 'quantizations').filter(isNotEmpty),
    regions: all(layers, 'regions'),
    zdr: outermost(all(layers, 'zdr'), true),
    dataCollection: outermost(all(layers, 'dataCollection'), 'deny'),
    enforceDistillableText: outermost(all(layers, 'enforceDistillableText'), true),
    requireParameters: outermost(all(layers, 'requireParameters'), true),
    allowFallbacks: outermost(all(layers, 'allowFallbacks'), false),
    maxPrice: lowestCaps(layers),
    order: all(layers, 'order').findLast(isNotEmpty) ?? null,
    sort: all(layers, 'sort').at(-1) ?? null,
    partition: all(layers, 'partition').at(-1) ?? null,
    preferredMinThroughput: all(layers, 'preferredMinThroughput').at(-1) ?? null,
    preferredMaxLatency: all(layers, 'preferredMaxLatency').at(-1) ?? null,
    sticky: all(layers, 'sticky').at(-1) ?? null,
  };
  // A digest, not a checksum: whoever chooses the rules of a request must not be able to hit another policy's cache entry.
  const digest = hash('sha256', JSON.stringify(describePolicy(rules)), 'hex').slice(0, DIGEST_LENGTH);
  return { ...rules, hash: digest, compiled: compilePolicy(rules) };
}

/** The rule of each layer that has one, outermost first. */
function all<K extends keyof PolicyRules>(layers: PolicyByLayer, name: K): Rule<Exclude<PolicyRules[K], undefined>>[] {
  const rules: Rule<Exclude<PolicyRules[K], undefined>>[] = [];
  for (const layer of POLICY_LAYERS) {
    const value = layers[layer]?.[name];
    if (value !== undefined) rules.push({ layer, value: value as Exclude<PolicyRules[K], undefined> });
  }
  return rules;
}

function isNotEmpty(rule: Rule<readonly unknown[]>): boolean {
  return rule.value.length > 0;
}

function outermost<const V>(rules: readonly Rule<unknown>[], value: V): Rule<V> | null {
  const rule = rules.find((candidate) => candidate.value === value);
  return rule === undefined ? null : { layer: rule.layer, value };
}

function lowestCaps(layers: PolicyByLayer): MergedRules['maxPrice'] {
  const caps: Partial<Record<keyof MaxPrice, Rule<number>>> = {};
  for (const { layer, value } of all(layers, 'maxPrice')) {
    for (const price of PRICES) {
      const cap = value[price];
      const lowest = caps[price];
      if (cap !== undefined && (lowest === undefined || cap < lowest.value)) caps[price] = { layer, value: cap };
    }
  }
  return caps;
}
