import type { JsonObject } from '@switchyard/contract';
import { dialectOf } from './registry.js';

const user = { role: 'user', content: 'Hi' };

describe('what bounds a request', () => {
  it.each<[string, 'openai-chat' | 'anthropic-messages', JsonObject, object]>([
    ['chat: one answer', 'openai-chat', { messages: [user] }, { messages: 1, choices: 1, webSearchesMax: 0 }],
    ['chat: n answers', 'openai-chat', { messages: [user], n: 4 }, { choices: 4 }],
    ['chat: searches', 'openai-chat', { messages: [user], web_search_options: {} }, { webSearchesMax: 10 }],
    ['messages: a frame for the system prompt', 'anthropic-messages', { messages: [user, user] }, { messages: 3 }],
    [
      'messages: searches as declared, added up',
      'anthropic-messages',
      {
        messages: [user],
        tools: [
          { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
          { type: 'web_search_20250305', name: 'more' },
          { name: 'web_search_of_my_own', input_schema: {} },
        ],
      },
      { webSearchesMax: 13 },
    ],
  ])('%s', (_case, dialect, body, bounds) => {
    expect(dialectOf(dialect).readBounds(body)).toMatchObject(bounds);
  });
});
