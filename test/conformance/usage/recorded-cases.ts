import type { Price, Usage } from '@switchyard/contract';
import { usd } from './golden-case.js';
import type { Shape } from './golden-case.js';

/** A file of `fixtures/`, what it means and what it costs. */
export interface RecordedCase {
  readonly file: string;
  readonly shape: Shape;
  readonly host: string;
  readonly price: Price;
  readonly usage: Partial<Usage>;
  readonly nanoUsd: number;
}

const OPUS = usd({ prompt: 5, completion: 25, cacheRead: 0.5, cacheWrite: 6.25, cacheWrite1h: 10 });
const GEMINI_3_PRO = usd({ prompt: 2, completion: 12, cacheRead: 0.2 });
const GPT_5_4 = usd({ prompt: 2.5, completion: 15, cacheRead: 0.25 });
const CHEAP = usd({ prompt: 0.1, completion: 0.4, cacheRead: 0.01 });

const recorded = (
  file: string,
  shape: Shape,
  host: string,
  price: Price,
  usage: Partial<Usage>,
  nanoUsd: number,
): RecordedCase => ({ file, shape, host, price, usage, nanoUsd });

export const RECORDED_CASES: readonly RecordedCase[] = [
  recorded(
    'anthropic-prompt-cache.stream.txt',
    'anthropic-messages',
    'anthropic',
    OPUS,
    { uncachedInput: 6, cacheRead: 6_289, cacheWrite5m: 3_337, output: 198 },
    30_000 + 3_144_500 + 20_856_250 + 4_950_000,
  ),
  recorded(
    'anthropic-compaction.answer.json',
    'anthropic-messages',
    'anthropic',
    OPUS,
    { uncachedInput: 682 + 60_385, output: 1_320 + 592 },
    305_335_000 + 47_800_000,
  ),
  recorded(
    'anthropic-fallback.answer.json',
    'anthropic-messages',
    'anthropic',
    OPUS,
    { uncachedInput: 412, output: 264 },
    8_660_000,
  ),
  recorded(
    'anthropic-fallback.stream.txt',
    'anthropic-messages',
    'anthropic',
    OPUS,
    { uncachedInput: 412, output: 264 },
    8_660_000,
  ),
  recorded(
    // xAI states its own figure: 1330500 ticks of 1e-10 USD.
    'xai-tool-call.stream.txt',
    'openai-chat',
    'xai',
    usd({ prompt: 0.3, completion: 0.5, cacheRead: 0.075 }),
    { uncachedInput: 1, cacheRead: 290, output: 26, reasoning: 196 },
    133_050,
  ),
  recorded(
    'deepseek-tool-call.answer.json',
    'openai-chat',
    'deepseek',
    CHEAP,
    { uncachedInput: 19, cacheRead: 320, output: 44, reasoning: 48 },
    1_900 + 3_200 + 36_800,
  ),
  recorded(
    'moonshot-reasoning.answer.json',
    'openai-chat',
    'moonshot',
    CHEAP,
    { uncachedInput: 10, cacheRead: 10, output: 8, reasoning: 22 },
    1_000 + 100 + 12_000,
  ),
  recorded(
    'moonshot-reasoning.stream.txt',
    'openai-chat',
    'moonshot',
    CHEAP,
    { uncachedInput: 9, output: 5, reasoning: 7 },
    900 + 4_800,
  ),
  recorded('mistral-tool-call.stream.txt', 'openai-chat', 'mistral', CHEAP, { uncachedInput: 124, output: 22 }, 21_200),
  recorded('groq-tool-call.answer.json', 'openai-chat', 'groq', CHEAP, { uncachedInput: 218, output: 15 }, 27_800),
  recorded('groq-tool-call.stream.txt', 'openai-chat', 'groq', CHEAP, { uncachedInput: 210, output: 15 }, 27_000),
  recorded(
    'alibaba-tool-call.answer.json',
    'openai-chat',
    'alibaba',
    CHEAP,
    { uncachedInput: 295, output: 22 },
    38_300,
  ),
  recorded('alibaba-tool-call.stream.txt', 'openai-chat', 'alibaba', CHEAP, { uncachedInput: 295, output: 22 }, 38_300),
  recorded(
    'gemini-tool-call.answer.json',
    'gemini',
    'google',
    GEMINI_3_PRO,
    { uncachedInput: 29, output: 15, reasoning: 893 },
    58_000 + 10_896_000,
  ),
  recorded(
    'gemini-tool-call.stream.txt',
    'gemini',
    'google',
    GEMINI_3_PRO,
    { uncachedInput: 29, output: 15, reasoning: 45 },
    58_000 + 720_000,
  ),
  recorded(
    'gemini-no-arguments.stream.txt',
    'gemini',
    'google',
    GEMINI_3_PRO,
    { uncachedInput: 249, output: 58, reasoning: 183 },
    498_000 + 2_892_000,
  ),
  recorded(
    'bedrock-text.answer.json',
    'bedrock-converse',
    'amazon-bedrock',
    OPUS,
    { uncachedInput: 22, output: 57 },
    1_535_000,
  ),
  recorded(
    'bedrock-text.stream.txt',
    'bedrock-converse',
    'amazon-bedrock',
    OPUS,
    { uncachedInput: 22, output: 55 },
    1_485_000,
  ),
  recorded(
    'responses-phase.answer.json',
    'openai-responses',
    'openai',
    GPT_5_4,
    { uncachedInput: 4_171, cacheRead: 3_072, output: 365, reasoning: 58 },
    10_427_500 + 768_000 + 6_345_000,
  ),
  recorded(
    'responses-phase.stream.txt',
    'openai-responses',
    'openai',
    GPT_5_4,
    { uncachedInput: 4_040, cacheRead: 3_072, output: 399, reasoning: 64 },
    10_100_000 + 768_000 + 6_945_000,
  ),
];
