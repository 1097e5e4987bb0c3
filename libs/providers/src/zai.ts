import { openaiChatHost } from './provider-profile.js';

export const zai = openaiChatHost({
  id: 'zai',
  name: 'Z.AI',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  credentialEnv: 'ZAI_API_KEY',
  deviations: {
    maxTokensField: 'max_tokens',
    systemRole: 'system',
    temperatureMax: 1,
    stopMax: 1,
    jsonSchema: false,
    reasoningRequest: 'thinking',
  },
  quirks: [
    {
      what: 'max_tokens, temperature up to 1, one stop sequence, JSON mode without schema, tool_choice auto only.',
      source: 'https://docs.z.ai/api-reference/llm/chat-completion',
      answeredBy: ['maxTokensField', 'systemRole', 'temperatureMax', 'stopMax', 'jsonSchema'],
    },
    {
      what: 'Thinking is on by default and switched by thinking.type.',
      source: 'https://docs.z.ai/guides/capabilities/thinking',
      answeredBy: ['reasoningRequest'],
    },
  ],
});
