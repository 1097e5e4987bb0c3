import { openaiChatHost } from './provider-profile.js';

export const openrouter = openaiChatHost({
  id: 'openrouter',
  name: 'OpenRouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  credentialEnv: 'OPENROUTER_API_KEY',
  deviations: {
    accepts: ['top_k', 'min_p', 'top_a', 'repetition_penalty'],
    reasoningRequest: 'reasoning',
    reasoningInput: 'reasoning_details',
    cacheControl: true,
  },
  quirks: [
    {
      what: 'Sampling parameters beyond OpenAI are taken and passed to hosts that know them.',
      source: 'https://openrouter.ai/docs/api-reference/parameters',
      answeredBy: ['accepts'],
    },
    {
      what: 'Thinking is asked for with a reasoning object, and comes and goes as reasoning_details.',
      source: 'https://openrouter.ai/docs/guides/best-practices/reasoning-tokens',
      answeredBy: ['reasoningRequest', 'reasoningInput'],
    },
    {
      what: 'cache_control on content parts marks what to cache.',
      source: 'https://openrouter.ai/docs/guides/best-practices/prompt-caching',
      answeredBy: ['cacheControl'],
    },
    {
      what: 'An error may come inside a 200, as a chunk whose finish_reason is error; comments keep a stream alive.',
      source: 'https://openrouter.ai/docs/api-reference/streaming',
    },
  ],
});
