import { isContextOverflow, namesContextWindow } from './context-overflow.js';

describe('context overflow', () => {
  it.each([
    'prompt is too long: 250000 tokens > 200000 maximum',
    'Input is too long for requested model',
    'Input is too long.',
    'input length and `max_tokens` exceed context limit: 190000 + 128000 > 200000',
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
    'context_length_exceeded',
    'The input exceeds the context window of this model',
    'litellm.ContextWindowExceededError: bad',
    "This prompt is longer than the model's context length",
    'the request exceeds the available context size, try increasing it',
    'Invalid request: Your request exceeded model token limit: 131072',
    'Range of input length should be [1, 129024]',
    'Please reduce the length of the messages or completion.',
    '`inputs` tokens + `max_new_tokens` must be <= 4096',
    'The input context exceeds your deployment limit',
    'Requested 9000 tokens but model only supports up to 8192',
  ])('is seen in %j', (text) => {
    expect(isContextOverflow(text)).toBe(true);
  });

  it.each([
    'max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens',
    'Input is too long. Also, tools.0.name is wrong.',
    'messages: at least one message is required',
    '',
  ])('is not seen in %j', (text) => {
    expect(isContextOverflow(text)).toBe(false);
  });

  it('tells a 413 about the window from one about the size of the body', () => {
    expect(namesContextWindow('Request is larger than the context window')).toBe(true);
    expect(namesContextWindow('Request exceeds the maximum size of 32 MB')).toBe(false);
  });
});
