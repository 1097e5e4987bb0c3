import { ZERO_USAGE } from '@switchyard/contract';
import type { Usage } from '@switchyard/contract';

/** Characters that make a token on average: low enough to over-estimate English prose and code. */
const CHARACTERS_PER_TOKEN = 3.5;
/** A mid-sized image in the vendors' published formulas. */
const TOKENS_PER_IMAGE = 1_600;

/** An upper-leaning estimate of a prompt's tokens, for planning and for requests whose upstream reported nothing. */
export function estimatePromptTokens(textLength: number, images: number): number {
  return Math.ceil(textLength / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE;
}

/** The usage assumed when an upstream reported none: the estimated prompt, and the output that was seen. */
export function estimatedUsage(promptTokens: number, outputCharacters: number): Usage {
  return { ...ZERO_USAGE, uncachedInput: promptTokens, output: Math.ceil(outputCharacters / CHARACTERS_PER_TOKEN) };
}
