import type { JsonValue } from '@switchyard/contract';
import type { UsageReport } from '@switchyard/conversation';
import { readUsage } from '../openai-chat/usage.js';
import type { UsageWords } from '../openai-chat/usage.js';

const WORDS: UsageWords = {
  input: 'input_tokens',
  output: 'output_tokens',
  inputDetails: 'input_tokens_details',
  outputDetails: 'output_tokens_details',
};

/**
 * Reads the `usage` of a response, or of the `response.completed`, `incomplete` or `failed` event that ends a stream: the
 * arithmetic of chat completions in other words. Web searches are not in it, they are items of the output.
 */
export function readResponsesUsage(raw: JsonValue | undefined): UsageReport {
  return readUsage(raw, {}, WORDS);
}
