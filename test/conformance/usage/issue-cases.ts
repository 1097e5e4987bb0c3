import { usd } from './golden-case.js';
import type { GoldenCase } from './golden-case.js';

const SONNET_3_7 = usd({ prompt: 3, completion: 15, cacheRead: 0.3, cacheWrite: 3.75 });
const HAIKU_3_5 = usd({ prompt: 0.8, completion: 4, cacheRead: 0.08, cacheWrite: 1 });
const OPUS_4_5 = usd({ prompt: 5, completion: 25, cacheRead: 0.5, cacheWrite: 6.25, cacheWrite1h: 10 });
const GEMINI_2_5_PRO = usd({ prompt: 1.25, completion: 10, cacheRead: 0.625 });
const GEMINI_2_5_FLASH = usd({ prompt: 0.3, completion: 2.5, cacheRead: 0.03 });

/**
 * Sums that gateways got wrong in public, with the counts of the issue, the prices of its time and the right answer.
 * `wrongNanoUsd` is what the issue says was charged, or follows from what it says went wrong.
 */
export const ISSUE_CASES: readonly GoldenCase[] = [
  {
    title: 'BerriAI/litellm#11364: cached tokens cost what cached tokens cost',
    shape: 'anthropic-messages',
    reported: {
      input_tokens: 10,
      cache_read_input_tokens: 66_360,
      cache_creation_input_tokens: 32_435,
      output_tokens: 5_120,
      output_tokens_details: { thinking_tokens: 1_710 },
    },
    price: OPUS_4_5,
    usage: { uncachedInput: 10, cacheRead: 66_360, cacheWrite5m: 32_435, output: 3_410, reasoning: 1_710 },
    nanoUsd: 363_948_750,
    wrongNanoUsd: 47_080_000,
  },
  {
    title: 'BerriAI/litellm#9812: tokens that are written to the cache are charged once',
    shape: 'anthropic-messages',
    reported: {
      input_tokens: 3,
      cache_creation_input_tokens: 12_304,
      cache_read_input_tokens: 0,
      output_tokens: 550,
    },
    price: SONNET_3_7,
    usage: { uncachedInput: 3, cacheWrite5m: 12_304, output: 550 },
    nanoUsd: 54_399_000,
    wrongNanoUsd: 91_311_000,
  },
  {
    title: 'BerriAI/litellm#11789: a stream charges cached tokens like a whole answer does',
    shape: 'anthropic-messages',
    reported: { input_tokens: 4, cache_creation_input_tokens: 0, cache_read_input_tokens: 2_455, output_tokens: 23 },
    price: HAIKU_3_5,
    usage: { uncachedInput: 4, cacheRead: 2_455, output: 23 },
    nanoUsd: 291_600,
    wrongNanoUsd: 2_059_200,
  },
  {
    title: 'maximhq/bifrost#3451: a stream charges cache writes once',
    shape: 'anthropic-messages',
    reported: { input_tokens: 6, cache_creation_input_tokens: 159_217, output_tokens: 2_745 },
    price: OPUS_4_5,
    usage: { uncachedInput: 6, cacheWrite5m: 159_217, output: 2_745 },
    nanoUsd: 1_063_761_250,
    wrongNanoUsd: 1_859_846_250,
  },
  {
    // The issue has a screenshot and no counts: these are of a log in livekit/agents#2256.
    title: 'BerriAI/litellm#16341: tokens from the implicit cache of Gemini are cached tokens',
    shape: 'gemini',
    reported: {
      promptTokenCount: 2_834,
      cachedContentTokenCount: 1_909,
      candidatesTokenCount: 27,
      totalTokenCount: 2_861,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 2_834 }],
      cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 1_909 }],
    },
    price: GEMINI_2_5_FLASH,
    usage: { uncachedInput: 925, cacheRead: 1_909, output: 27 },
    nanoUsd: 402_270,
    wrongNanoUsd: 917_700,
  },
  {
    title: 'BerriAI/litellm#14849: tokens from the cache of Gemini are charged once',
    shape: 'gemini',
    reported: {
      promptTokenCount: 262_960,
      cachedContentTokenCount: 257_955,
      candidatesTokenCount: 1_744,
      totalTokenCount: 264_704,
    },
    price: GEMINI_2_5_PRO,
    usage: { uncachedInput: 5_005, cacheRead: 257_955, output: 1_744 },
    nanoUsd: 184_918_125,
    wrongNanoUsd: 764_200_000,
  },
  {
    title: 'mozilla-ai/any-llm#1290: thoughts of Gemini are charged as output',
    shape: 'gemini',
    reported: { promptTokenCount: 20, candidatesTokenCount: 198, thoughtsTokenCount: 405, totalTokenCount: 623 },
    price: GEMINI_2_5_FLASH,
    usage: { uncachedInput: 20, output: 198, reasoning: 405 },
    nanoUsd: 1_513_500,
    wrongNanoUsd: 501_000,
  },
  {
    // https://discuss.ai.google.dev/t/question-with-usage-in-openai-compatibility/98760
    title: 'Google AI forum 98760: thoughts that only the total knows of are charged as output',
    shape: 'openai-chat',
    host: 'google',
    reported: { completion_tokens: 102, prompt_tokens: 758, total_tokens: 1_725 },
    price: GEMINI_2_5_PRO,
    usage: { uncachedInput: 758, output: 102, reasoning: 865 },
    nanoUsd: 10_617_500,
    wrongNanoUsd: 1_967_500,
  },
  {
    title: 'maximhq/bifrost#904: cached tokens of OpenAI are not charged as input',
    shape: 'openai-chat',
    host: 'openai',
    reported: {
      prompt_tokens: 1_239_328,
      completion_tokens: 12_909,
      total_tokens: 1_252_237,
      prompt_tokens_details: { cached_tokens: 1_188_096, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    price: usd({ prompt: 1.25, completion: 10, cacheRead: 0.125 }),
    usage: { uncachedInput: 51_232, cacheRead: 1_188_096, output: 12_909 },
    nanoUsd: 341_642_000,
    wrongNanoUsd: 1_678_250_000,
  },
  {
    // The prices of input are those of QuantumNous/new-api#6419, which reports the same.
    title: 'QuantumNous/new-api#6144: a stream of xAI keeps its cached tokens',
    shape: 'openai-chat',
    host: 'xai',
    reported: {
      prompt_tokens: 1_816,
      completion_tokens: 64,
      total_tokens: 1_880,
      prompt_tokens_details: { cached_tokens: 1_792, text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
    },
    price: usd({ prompt: 2, completion: 6, cacheRead: 0.3 }),
    usage: { uncachedInput: 24, cacheRead: 1_792, output: 64 },
    nanoUsd: 969_600,
    wrongNanoUsd: 4_016_000,
  },
];
