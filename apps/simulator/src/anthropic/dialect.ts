import { Refusal } from '../refusal.js';
import type { SimulatedDialect } from '../voice.js';
import { refusalBody, usualRefusal } from './refusals.js';
import { readMessagesRequest } from './request.js';
import { speakMessages } from './voice.js';

const RATE_LIMIT_HEADERS = {
  'anthropic-ratelimit-requests-limit': '50',
  'anthropic-ratelimit-requests-remaining': '49',
  'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z',
};

/** The Anthropic Messages API (https://docs.claude.com/en/api/messages). */
export const anthropicDialect: SimulatedDialect = {
  id: 'anthropic-messages',
  toolIdPrefix: 'toolu_01',
  read: readMessagesRequest,
  speak: (_body, ask, identity) => speakMessages(ask, identity),
  refusalBody,
  headers: (requestId) => ({
    'request-id': requestId,
    'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
    ...RATE_LIMIT_HEADERS,
  }),
  refusalFor: usualRefusal,
  contextOverflow: () => new Refusal(400, 'prompt is too long: 210000 tokens > 200000 maximum'),
  wrongKey: (key) => new Refusal(401, key === undefined ? 'x-api-key header is required' : 'invalid x-api-key'),
  countPrompt: (cache, ask) => cache.countMarked(ask.cacheScope, ask.promptPieces),
};
