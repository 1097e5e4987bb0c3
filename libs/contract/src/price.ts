/**
 * Prices of an endpoint. Integers, never floats: pico-USD (1e-12 USD) per token, and per unit for `image`, `request`
 * and `webSearch`. One USD per million tokens is 1,000,000 pico-USD per token. `null` = not known, which is not free.
 */
export interface Price {
  readonly prompt: number | null;
  readonly completion: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly cacheWrite1h: number | null;
  /** Reasoning tokens where they are priced apart; `null` = as completion. */
  readonly reasoning: number | null;
  /** Audio tokens; `null` = as prompt or completion. */
  readonly audio: number | null;
  readonly image: number | null;
  readonly request: number | null;
  readonly webSearch: number | null;
}

/** Prices that replace the base ones when the whole prompt is longer than `abovePromptTokens`. */
export interface PriceTier {
  readonly abovePromptTokens: number;
  readonly price: Partial<Price>;
}

export const PICO_PER_USD = 1_000_000_000_000;
export const PICO_PER_NANO = 1_000;
/** pico-USD per token that make one USD per million tokens. */
export const PICO_PER_TOKEN_AT_USD_PER_MILLION = 1_000_000;

/** Money a request cost. Nano-USD (1e-9 USD), integer; the total is rounded once, half up, from exact pico-USD. */
export interface Cost {
  readonly nanoUsd: number;
  readonly inputNanoUsd: number;
  readonly outputNanoUsd: number;
  /** True when a price needed was unknown, so the figure is a lower bound. */
  readonly incomplete: boolean;
}

/** The prices in force for a prompt of this length: the highest tier passed replaces key by key. */
export function priceFor(price: Price, tiers: readonly PriceTier[], promptTokens: number): Price {
  let current = price;
  for (const tier of tiers) {
    if (promptTokens > tier.abovePromptTokens) current = { ...current, ...tier.price };
  }
  return current;
}
