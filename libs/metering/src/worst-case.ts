import { PICO_PER_NANO, priceFor } from '@switchyard/contract';
import type { Endpoint, PlannedAttempt, Price } from '@switchyard/contract';

/** What bounds the cost of a request before it is sent. Counts are whole numbers from 0. */
export interface WorstCaseFacts {
  /** See `inputTokensUpperBound`; `null` = unknown (a file, audio, a video), which may fill the context. */
  readonly inputTokensUpperBound: number | null;
  /** Output tokens declared for one choice; `null` = none declared: as many as the endpoint gives. */
  readonly outputTokensMax: number | null;
  readonly images: number;
  /** Answers asked for (`n`). */
  readonly choices: number;
  /** Web searches that the upstream may run. */
  readonly webSearchesMax: number;
  /** The longest lifetime among the cache entries that the request asks for; `null` = it asks for none. */
  readonly writesCache: '5m' | '1h' | null;
  /** Audio goes in or may come out. */
  readonly audio: boolean;
}

/** The most that a request uses and costs, whichever of its planned endpoints serves it. */
export interface WorstCase {
  /** All input tokens, cached and written ones included. */
  readonly inputTokens: number;
  /** All output tokens of all choices, reasoning included. */
  readonly outputTokens: number;
  readonly costNanoUsd: number;
  /** False when a price or a limit needed is unknown: the figures leave out what is not known and are no bound. */
  readonly isBounded: boolean;
}

interface TokenBounds {
  readonly input: number;
  readonly output: number;
}

const NOTHING: WorstCase = { inputTokens: 0, outputTokens: 0, costNanoUsd: 0, isBounded: true };

/** About twice what Anthropic's search was seen to bring in; no host states a limit. */
const TOKENS_PER_WEB_SEARCH = 20_000;

/**
 * The worst over all attempts, figure by figure. For every usage of at most these tokens, and of the kinds that the facts
 * allow, `costOf` at each of the endpoints is at most `costNanoUsd`, when the case is bounded.
 */
export function worstCaseOf(
  facts: WorstCaseFacts,
  attempts: readonly Pick<PlannedAttempt, 'model' | 'endpoint'>[],
): WorstCase {
  return attempts.map((attempt) => worstCaseAt(facts, attempt)).reduce(worseOf, NOTHING);
}

function worseOf(one: WorstCase, other: WorstCase): WorstCase {
  return {
    inputTokens: Math.max(one.inputTokens, other.inputTokens),
    outputTokens: Math.max(one.outputTokens, other.outputTokens),
    costNanoUsd: Math.max(one.costNanoUsd, other.costNanoUsd),
    isBounded: one.isBounded && other.isBounded,
  };
}

function worstCaseAt(facts: WorstCaseFacts, attempt: Pick<PlannedAttempt, 'model' | 'endpoint'>): WorstCase {
  const { endpoint } = attempt;
  const bounds = tokenBounds(facts, attempt);
  const tokens = { input: knownPart(bounds.input), output: knownPart(bounds.output) };
  const prices = reachablePrices(endpoint, tokens.input);
  const costs = prices.map(({ promptTokens, price }) =>
    costInPico(facts, endpoint, price, { ...tokens, input: promptTokens }),
  );
  const cost = roundUpToNano(costs.reduce((most, pico) => (pico > most ? pico : most), 0n));
  const isKnown = prices.every(({ price }) => hasPrices(facts, price, tokens));
  return {
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    costNanoUsd: knownPart(cost),
    isBounded: isKnown && [bounds.input, bounds.output, cost].every(Number.isSafeInteger),
  };
}

/** What is infinite, or too large to be counted exactly, is unknown. */
function knownPart(figure: number): number {
  return Number.isSafeInteger(figure) ? figure : 0;
}

function tokenBounds(
  facts: WorstCaseFacts,
  { model, endpoint }: Pick<PlannedAttempt, 'model' | 'endpoint'>,
): TokenBounds {
  const context = endpoint.contextLength ?? model.contextLength ?? Infinity;
  const outputLimit = facts.outputTokensMax ?? endpoint.maxOutputTokens ?? model.maxOutputTokens ?? Infinity;
  return {
    input: inputBound(facts.inputTokensUpperBound ?? Infinity, context, facts.webSearchesMax),
    output: Math.min(outputLimit, context) * facts.choices,
  };
}

/** After each search the model reads everything again: the prompt, and what this search and the ones before it found. */
function inputBound(prompt: number, context: number, searches: number): number {
  const readings = searches + 1;
  const found = ((searches * readings) / 2) * TOKENS_PER_WEB_SEARCH;
  return Math.min(prompt * readings + found, context * readings);
}

interface ReachablePrice {
  /** The longest prompt that has this price. */
  readonly promptTokens: number;
  readonly price: Price;
}

/** The prices of all prompts up to this length, one a tier: a tier may be cheaper than the one below it. */
function reachablePrices({ price, priceTiers }: Endpoint, inputTokens: number): readonly ReachablePrice[] {
  const lengths = priceTiers.map((tier) => tier.abovePromptTokens).filter((length) => length < inputTokens);
  return [...lengths, inputTokens].map((promptTokens) => ({
    promptTokens,
    price: priceFor(price, priceTiers, promptTokens),
  }));
}

function costInPico(facts: WorstCaseFacts, endpoint: Endpoint, price: Price, tokens: TokenBounds): bigint {
  return (
    product(tokens.input, dearestInput(facts, endpoint, price)) +
    product(tokens.output, dearestOutput(facts, price)) +
    product(facts.images, price.image) +
    product(facts.webSearchesMax, price.webSearch) +
    product(1, price.request)
  );
}

/** Price of the dearest kind of input token that the request can lead to. */
function dearestInput({ writesCache, audio }: WorstCaseFacts, { provider }: Endpoint, price: Price): number {
  // Anthropic's protocol writes what the request marks. Where there are no marks, hosts write what they like.
  const mayWrite = writesCache !== null || provider.dialect !== 'anthropic-messages';
  return dearest([
    price.prompt,
    price.cacheRead,
    mayWrite ? price.cacheWrite : null,
    writesCache === '1h' ? price.cacheWrite1h : null,
    audio ? price.audio : null,
  ]);
}

function dearestOutput({ audio }: WorstCaseFacts, price: Price): number {
  return dearest([price.completion, price.reasoning, audio ? price.audio : null]);
}

function dearest(prices: readonly (number | null)[]): number {
  return Math.max(...prices.map((price) => price ?? 0));
}

/** True when all prices are known that have none to stand in for them. */
function hasPrices(facts: WorstCaseFacts, price: Price, tokens: TokenBounds): boolean {
  return (
    (tokens.input === 0 || price.prompt !== null) &&
    (tokens.output === 0 || price.completion !== null) &&
    (facts.webSearchesMax === 0 || price.webSearch !== null)
  );
}

function product(count: number, picoUsd: number | null): bigint {
  return BigInt(count) * BigInt(picoUsd ?? 0);
}

function roundUpToNano(pico: bigint): number {
  const unit = BigInt(PICO_PER_NANO);
  return Number((pico + unit - 1n) / unit);
}
