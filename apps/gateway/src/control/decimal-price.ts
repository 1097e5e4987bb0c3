import type { JsonObject, Price, PriceTier } from '@switchyard/contract';

const PICO_DIGITS = 12;

/** OpenRouter's names for prices, USD per token or per unit. */
const NAMES = [
  ['prompt', 'prompt'],
  ['completion', 'completion'],
  ['request', 'request'],
  ['image', 'image'],
  ['audio', 'audio'],
  ['web_search', 'webSearch'],
  ['internal_reasoning', 'reasoning'],
  ['input_cache_read', 'cacheRead'],
  ['input_cache_write', 'cacheWrite'],
  ['input_cache_write_1h', 'cacheWrite1h'],
] as const satisfies readonly (readonly [string, keyof Price])[];

/** What OpenRouter's listing says where a price is not fixed; a client that parses numbers must get one. */
const NOT_KNOWN = '-1';

/** Pico-USD as an exact decimal USD text without an exponent: 3,000,000 is `0.000003`. */
export function usdText(pico: number): string {
  const digits = String(pico).padStart(PICO_DIGITS + 1, '0');
  const fraction = digits.slice(-PICO_DIGITS).replace(/0+$/, '');
  const whole = digits.slice(0, -PICO_DIGITS);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** The `pricing` object of OpenRouter's model and endpoint listings. Prices that are not known are left out, but for the two that clients read. */
export function pricingOf(price: Price, tiers: readonly PriceTier[]): JsonObject {
  return {
    prompt: NOT_KNOWN,
    completion: NOT_KNOWN,
    ...knownPrices(price),
    ...(tiers.length > 0 && {
      overrides: tiers.map((tier) => ({ min_prompt_tokens: tier.abovePromptTokens, ...knownPrices(tier.price) })),
    }),
  };
}

function knownPrices(price: Partial<Price>): JsonObject {
  return Object.fromEntries(
    NAMES.flatMap(([name, key]) => {
      const pico = price[key];
      return pico === null || pico === undefined ? [] : [[name, usdText(pico)]];
    }),
  );
}
