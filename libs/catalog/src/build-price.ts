import type { Price, PriceTier } from '@switchyard/contract';
import type { FaultList } from './faults.js';
import { PER_MILLION_TOKENS, PER_UNIT, toPico, type PriceScale } from './pico.js';
import type { WrittenPrice, WrittenPriceTier } from './written.js';

/** Each price: its name as written, its name in code, and its unit. */
const PRICES: readonly (readonly [keyof WrittenPrice, keyof Price, PriceScale])[] = [
  ['prompt', 'prompt', PER_MILLION_TOKENS],
  ['completion', 'completion', PER_MILLION_TOKENS],
  ['cache_read', 'cacheRead', PER_MILLION_TOKENS],
  ['cache_write', 'cacheWrite', PER_MILLION_TOKENS],
  ['cache_write_1h', 'cacheWrite1h', PER_MILLION_TOKENS],
  ['reasoning', 'reasoning', PER_MILLION_TOKENS],
  ['audio', 'audio', PER_MILLION_TOKENS],
  ['image', 'image', PER_UNIT],
  ['request', 'request', PER_UNIT],
  ['web_search', 'webSearch', PER_UNIT],
];

/** Of an endpoint that states none. */
export const UNKNOWN_PRICE: Price = {
  prompt: null,
  completion: null,
  cacheRead: null,
  cacheWrite: null,
  cacheWrite1h: null,
  reasoning: null,
  audio: null,
  image: null,
  request: null,
  webSearch: null,
};

/** All prices of an endpoint in pico-USD; what is not stated, or not valid, is `null`. */
export function buildPrice(entry: WrittenPrice | undefined, path: string, faults: FaultList): Price {
  return { ...UNKNOWN_PRICE, ...statedPrices(entry ?? {}, path, faults) };
}

/** Price tiers, which must ascend by the prompt length they start above. */
export function buildTiers(
  entries: readonly WrittenPriceTier[] | undefined,
  path: string,
  faults: FaultList,
): readonly PriceTier[] {
  let previous = 0;
  return (entries ?? []).map((entry, index) => {
    const tierPath = `${path}[${String(index)}]`;
    const abovePromptTokens = entry.above_prompt_tokens;
    if (abovePromptTokens <= previous) {
      const expected = `more than ${String(previous)}: tiers ascend by above_prompt_tokens`;
      faults.add(`${tierPath}.above_prompt_tokens`, abovePromptTokens, expected);
    }
    previous = abovePromptTokens;
    return { abovePromptTokens, price: statedPrices(entry, tierPath, faults) };
  });
}

function statedPrices(entry: WrittenPrice, path: string, faults: FaultList): Partial<Price> {
  const price: { -readonly [Key in keyof Price]?: number } = {};
  for (const [written, name, scale] of PRICES) {
    const value = entry[written];
    if (value === undefined || value === null) continue;
    const result = toPico(value, scale);
    if ('pico' in result) price[name] = result.pico;
    else faults.add(`${path}.${written}`, value, result.expected);
  }
  return price;
}
