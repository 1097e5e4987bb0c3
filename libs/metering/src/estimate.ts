import { ZERO_USAGE } from '@switchyard/contract';
import type { Usage } from '@switchyard/contract';

/** Characters that make a token on average: low enough to over-estimate English prose and code. */
const CHARACTERS_PER_TOKEN = 3.5;
/** A mid-sized image in the vendors' published formulas. */
const TOKENS_PER_IMAGE = 1_600;

/**
 * The largest image of Qwen2-VL and its kin (https://huggingface.co/Qwen/Qwen2-VL-7B-Instruct: 4 to 16384), above
 * Anthropic's, Google's and OpenAI's but for gpt-4o-mini, whose count is inflated as much as its price is low.
 */
const TOKENS_PER_IMAGE_AT_MOST = 16_384;
/** Role and separators of a message in the known chat templates. */
const TOKENS_PER_MESSAGE_AT_MOST = 8;
/**
 * What a host may put in front of a prompt, while nothing was seen of it: Anthropic's tool instructions and xAI's hidden
 * system prompt, up to about 800 tokens, are the longest known.
 */
export const PROMPT_FRAME_AT_MOST = 1_024;

/** An upper-leaning estimate of a prompt's tokens, for planning, rate limits and requests whose upstream reported nothing. */
export function estimatePromptTokens(textLength: number, images: number): number {
  return Math.ceil(textLength / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE;
}

/** Tokens in an answer of so many characters. */
export function estimateOutputTokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** The usage assumed when an upstream reported none: the estimated prompt, and the output that was seen. */
export function estimatedUsage(promptTokens: number, outputCharacters: number): Usage {
  return { ...ZERO_USAGE, uncachedInput: promptTokens, output: estimateOutputTokens(outputCharacters) };
}

/** How big a prompt is, in what can be counted without a tokeniser. */
export interface PromptSize {
  /** UTF-16 units of all text that is tokenised: messages, system prompt, tools. */
  readonly characters: number;
  /** What the same text takes in UTF-8 beyond one byte a character: 0 for ASCII. */
  readonly extraBytes: number;
  readonly messages: number;
  readonly images: number;
  /** Tokens that the host puts in front of a prompt; `PROMPT_FRAME_AT_MOST` when nothing is known of it. */
  readonly frame: number;
}

/**
 * The most tokens a prompt of text and images can have: tokenisers of language models work on bytes, so no token is
 * shorter than one. Three to four times what English has, which is the price of a bound that no text can pass.
 */
export function inputTokensUpperBound({ characters, extraBytes, messages, images, frame }: PromptSize): number {
  return characters + extraBytes + messages * TOKENS_PER_MESSAGE_AT_MOST + images * TOKENS_PER_IMAGE_AT_MOST + frame;
}
