import { PICO_PER_TOKEN_AT_USD_PER_MILLION, PICO_PER_USD } from '@switchyard/contract';
import type { JsonObject, Price, PriceTier, Usage } from '@switchyard/contract';

/** How upstreams word their usage. */
export type Shape = 'anthropic-messages' | 'openai-chat' | 'openai-responses' | 'gemini' | 'bedrock-converse';

/** A usage as an upstream reports it, what it means and what it costs. */
export interface GoldenCase {
  /** A sentence that ends in the right counts. */
  readonly title: string;
  readonly shape: Shape;
  /** Id of the provider profile; absent = a host without peculiarities. */
  readonly host?: string;
  readonly reported: JsonObject;
  readonly price: Price;
  readonly priceTiers?: readonly PriceTier[];
  readonly usage: Partial<Usage>;
  readonly nanoUsd: number;
  /** What the gateway of the issue charged instead. */
  readonly wrongNanoUsd?: number;
  readonly suspect?: readonly string[];
}

const UNITS = ['image', 'request', 'webSearch'] as const;

const UNKNOWN: Price = {
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

/** Prices as they are published: USD per million tokens, and USD each for images, requests and searches. */
export function usd(published: Partial<Record<keyof Price, number>>): Price {
  return { ...UNKNOWN, ...picoPrices(published) };
}

/** A price tier as it is published. */
export function tier(abovePromptTokens: number, published: Partial<Record<keyof Price, number>>): PriceTier {
  return { abovePromptTokens, price: picoPrices(published) };
}

function picoPrices(published: Partial<Record<keyof Price, number>>): Partial<Price> {
  const isUnit = (name: string): boolean => UNITS.some((unit) => unit === name);
  return Object.fromEntries(
    Object.entries(published).map(([name, price]) => [
      name,
      Math.round(price * (isUnit(name) ? PICO_PER_USD : PICO_PER_TOKEN_AT_USD_PER_MILLION)),
    ]),
  );
}
