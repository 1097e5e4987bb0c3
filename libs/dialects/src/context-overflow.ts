/**
 * How upstreams say that a prompt does not fit the context window. Substrings, lower case. Clients match the same list
 * to decide on compaction (Claude Code 2.1), so a message that contains one must reach the caller with its wording.
 */
const OVERFLOW_WORDINGS = [
  'prompt is too long',
  'input is too long for requested model',
  'exceed context limit',
  'maximum context length',
  'context_length_exceeded',
  'exceeds the context window',
  'contextwindowexceedederror',
  'longer than the maximum model length',
  "longer than the model's context length",
  'exceeds the available context size',
  'exceeds the maximum number of tokens allowed',
  'exceeded model token limit',
  'input token length too long',
  'input tokens exceed the configured limit',
  'maximum context limit',
  'maximum prompt length',
  'prompt exceeds max length',
  'tokens in request more than max tokens allowed',
  'range of input length should be',
  'context window exceeds limit',
  'but model only supports up to',
  'reduce the length of the messages',
  '`inputs` tokens + `max_new_tokens` must be',
  'context exceeds your deployment',
] as const;

/** True when an upstream's error text or code says that the prompt is longer than the model's context. */
export function isContextOverflow(text: string): boolean {
  const lower = text.toLowerCase();
  return lower.trim() === 'input is too long.' || OVERFLOW_WORDINGS.some((wording) => lower.includes(wording));
}

/** True for a 413 that is about the context window, not about the size of the body. */
export function namesContextWindow(text: string): boolean {
  return text.toLowerCase().includes('context window') || isContextOverflow(text);
}
