import { openaiChatHost } from './provider-profile.js';

export const moonshot = openaiChatHost({
  id: 'moonshotai',
  name: 'Moonshot AI',
  baseUrl: 'https://api.moonshot.ai/v1',
  credentialEnv: 'MOONSHOT_API_KEY',
  deviations: {
    maxTokensField: 'max_tokens',
    temperatureMax: 1,
    stopMax: 5,
    reasoningRequest: 'thinking',
    reasoningInput: 'reasoning_content',
    reasoningInputRequired: true,
    prefill: 'partial',
  },
  quirks: [
    {
      what: 'The output limit is max_tokens, temperature ends at 1, and at most 5 stop sequences are taken.',
      source: 'https://platform.moonshot.ai/docs/api/chat',
      answeredBy: ['maxTokensField', 'temperatureMax', 'stopMax'],
    },
    {
      what: 'Thinking is on by default and switched by thinking.type.',
      source: 'https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model',
      answeredBy: ['reasoningRequest'],
    },
    {
      what: 'An assistant turn with tool calls must carry its reasoning_content while thinking is on: else 400.',
      source: 'https://github.com/n8n-io/n8n/issues/29142',
      answeredBy: ['reasoningInput', 'reasoningInputRequired'],
    },
    {
      what: 'A prefill is marked partial: true.',
      source: 'https://platform.moonshot.ai/docs/guide/use-partial-mode-feature-of-kimi-api',
      answeredBy: ['prefill'],
    },
    {
      what: 'tool_choice: required is not supported, and tool call ids look like functions.name:0.',
      source: 'https://platform.moonshot.ai/docs/guide/migrating-from-openai-to-kimi',
    },
  ],
});
