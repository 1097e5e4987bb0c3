import type { MaxPrice, Percentiles, PolicyLayer, Quantization, SortKey } from '@switchyard/contract';

/** A rule and who laid it down. */
export interface Rule<T> {
  readonly layer: PolicyLayer;
  readonly value: T;
}

/**
 * The rules of operator, tenant, key and request in one. What restricts is kept per layer and all of it holds, so that
 * a refusal can say whose rule it was; what orders is the rule of the most specific layer that has one.
 */
export interface MergedRules {
  /** Each of these must let an endpoint through. */
  readonly only: readonly Rule<readonly string[]>[];
  readonly ignore: readonly Rule<readonly string[]>[];
  readonly models: readonly Rule<readonly string[]>[];
  readonly quantizations: readonly Rule<readonly Quantization[]>[];
  readonly regions: readonly Rule<readonly string[]>[];

  /** Once set by any layer it holds; the layer is the outermost that set it, which no inner one can lift. */
  readonly zdr: Rule<true> | null;
  readonly dataCollection: Rule<'deny'> | null;
  readonly enforceDistillableText: Rule<true> | null;
  readonly requireParameters: Rule<true> | null;
  readonly allowFallbacks: Rule<false> | null;

  /** The lowest cap per price, with the layer that set it. */
  readonly maxPrice: Readonly<Partial<Record<keyof MaxPrice, Rule<number>>>>;

  readonly order: Rule<readonly string[]> | null;
  readonly sort: Rule<SortKey> | null;
  readonly partition: Rule<'model' | 'none'> | null;
  readonly preferredMinThroughput: Rule<Percentiles> | null;
  readonly preferredMaxLatency: Rule<Percentiles> | null;
  readonly sticky: Rule<boolean> | null;
}
