import { openaiChatHost } from './provider-profile.js';

export const xai = openaiChatHost({
  id: 'xai',
  name: 'xAI',
  baseUrl: 'https://api.x.ai/v1',
  credentialEnv: 'XAI_API_KEY',
  deviations: {
    rejects: ['presence_penalty', 'frequency_penalty', 'stop'],
    completionTokens: 'exclude-reasoning',
  },
  quirks: [
    {
      what: 'Reasoning models reject presence_penalty, frequency_penalty and stop.',
      source: 'https://docs.x.ai/docs/guides/reasoning',
      answeredBy: ['rejects'],
    },
    {
      what: 'Completion tokens do not include reasoning tokens.',
      source: 'https://github.com/BerriAI/litellm/issues/27319',
      answeredBy: ['completionTokens'],
    },
  ],
});
