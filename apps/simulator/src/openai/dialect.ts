import { Refusal } from '../refusal.js';
import type { SimulatedDialect } from '../voice.js';
import { refusalBody, usualRefusal, wrongKey } from './refusals.js';
import { readChatRequest } from './request.js';
import { speakChat } from './voice.js';

/** OpenAI's Chat Completions API (https://platform.openai.com/docs/api-reference/chat). */
export const openaiDialect: SimulatedDialect = {
  id: 'openai-chat',
  toolIdPrefix: 'call_',
  read: readChatRequest,
  speak: speakChat,
  refusalBody,
  headers: (requestId) => ({
    'x-request-id': requestId,
    'openai-organization': 'simulated-organization',
    'openai-version': '2020-10-01',
    'openai-processing-ms': '1',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-requests': '6ms',
  }),
  refusalFor: usualRefusal,
  contextOverflow: () =>
    new Refusal(
      400,
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens. Please reduce the length of the messages.",
      { param: 'messages', code: 'context_length_exceeded' },
    ),
  wrongKey,
  countPrompt: (cache, ask) => cache.countAutomatic(ask.cacheScope, ask.promptPieces),
};
