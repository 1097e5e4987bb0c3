import { PICO_PER_NANO, PICO_PER_USD, priceFor, totalInput, totalOutput } from '@switchyard/contract';
import type { Cost, Endpoint, JsonObject, Price, Usage } from '@switchyard/contract';

/**
 * What a usage cost at an endpoint. A dot product of integers in exact pico-USD, rounded once to nano-USD (half up), so
 * that the sum of the two parts is always the whole. Prices of the tier that the whole prompt reaches apply.
 *
 * An unknown special price falls back to the dearer plain one (cache and audio tokens to `prompt`, reasoning to
 * `completion`); an unknown plain price, or that of a web search, makes the cost `incomplete`.
 */
export function costOf(usage: Usage, endpoint: Pick<Endpoint, 'price' | 'priceTiers'>, images = 0): Cost {
  const price = priceFor(endpoint.price, endpoint.priceTiers, totalInput(usage));
  const input = inputPico(usage, price, images);
  const output = outputPico(usage, price);
  const total = roundToNano(input + output);
  const inputNano = roundToNano(input);
  return {
    nanoUsd: Number(total),
    inputNanoUsd: Number(inputNano),
    outputNanoUsd: Number(total - inputNano),
    incomplete: isIncomplete(usage, price),
  };
}

/**
 * `usage.cost`, `usage.cost_details` and `usage.is_byok` as OpenRouter reports them, in USD. What an account of the caller's own is
 * charged costs nothing here; it is `null` where its prices are not known.
 */
export function costFields(cost: Cost, isByok = false): JsonObject {
  if (isByok && cost.incomplete) return { cost: 0, is_byok: true, cost_details: { upstream_inference_cost: null } };
  return {
    cost: isByok ? 0 : usdOfNano(cost.nanoUsd),
    is_byok: isByok,
    cost_details: {
      upstream_inference_cost: usdOfNano(cost.nanoUsd),
      upstream_inference_prompt_cost: usdOfNano(cost.inputNanoUsd),
      upstream_inference_completions_cost: usdOfNano(cost.outputNanoUsd),
    },
  };
}

/** Nano-USD as USD: the nearest double, which prints back as the exact decimal for all amounts below nine million USD. */
export function usdOfNano(nanoUsd: number): number {
  return nanoUsd / (PICO_PER_USD / PICO_PER_NANO);
}

function inputPico(usage: Usage, price: Price, images: number): bigint {
  const prompt = price.prompt ?? 0;
  const write = price.cacheWrite ?? prompt;
  return (
    product(usage.uncachedInput, prompt) +
    product(usage.cacheRead, price.cacheRead ?? prompt) +
    product(usage.cacheWrite5m, write) +
    product(usage.cacheWrite1h, price.cacheWrite1h ?? write) +
    product(usage.audioInput, price.audio ?? prompt) +
    product(images, price.image ?? 0) +
    product(1, price.request ?? 0)
  );
}

function outputPico(usage: Usage, price: Price): bigint {
  const completion = price.completion ?? 0;
  return (
    product(usage.output, completion) +
    product(usage.reasoning, price.reasoning ?? completion) +
    product(usage.imageOutput, completion) +
    product(usage.audioOutput, price.audio ?? completion) +
    product(usage.webSearches, price.webSearch ?? 0)
  );
}

function isIncomplete(usage: Usage, price: Price): boolean {
  const readInput = totalInput(usage) > 0 && price.prompt === null;
  const wroteOutput = totalOutput(usage) > 0 && price.completion === null;
  const searched = usage.webSearches > 0 && price.webSearch === null;
  return readInput || wroteOutput || searched;
}

function product(count: number, picoUsd: number): bigint {
  return count === 0 || picoUsd === 0 ? 0n : BigInt(count) * BigInt(picoUsd);
}

function roundToNano(pico: bigint): bigint {
  const unit = BigInt(PICO_PER_NANO);
  return (pico + unit / 2n) / unit;
}
