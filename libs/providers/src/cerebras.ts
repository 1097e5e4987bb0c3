import { openaiChatHost } from './provider-profile.js';

export const cerebras = openaiChatHost({
  id: 'cerebras',
  name: 'Cerebras',
  baseUrl: 'https://api.cerebras.ai/v1',
  credentialEnv: 'CEREBRAS_API_KEY',
  deviations: {
    maxTokensField: 'max_completion_tokens',
    systemRole: 'system',
    rejects: ['frequency_penalty', 'logit_bias', 'presence_penalty', 'service_tier'],
  },
  quirks: [
    {
      what: 'frequency_penalty, logit_bias, presence_penalty and service_tier are a 400; there is no developer role.',
      source: 'https://inference-docs.cerebras.ai/resources/openai',
      answeredBy: ['rejects', 'systemRole'],
    },
    {
      what: 'The output limit is max_completion_tokens.',
      source: 'https://inference-docs.cerebras.ai/api-reference/chat-completions',
      answeredBy: ['maxTokensField'],
    },
  ],
});
