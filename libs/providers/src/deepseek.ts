import { openaiChatHost } from './provider-profile.js';

export const deepseek = openaiChatHost({
  id: 'deepseek',
  name: 'DeepSeek',
  baseUrl: 'https://api.deepseek.com/v1',
  credentialEnv: 'DEEPSEEK_API_KEY',
  deviations: {
    maxTokensField: 'max_tokens',
    systemRole: 'system',
    reasoningRequest: 'thinking',
    reasoningInput: 'reasoning_content',
    reasoningInputRequired: true,
    jsonSchema: false,
    stopMax: 16,
    prefill: 'none',
  },
  quirks: [
    {
      what: 'The output limit is max_tokens, up to 16 stop sequences are taken, and the roles do not include developer.',
      source: 'https://api-docs.deepseek.com/api/create-chat-completion',
      answeredBy: ['maxTokensField', 'stopMax', 'systemRole'],
    },
    {
      what: 'Thinking is on by default and switched by thinking.type.',
      source: 'https://api-docs.deepseek.com/guides/thinking_mode',
      answeredBy: ['reasoningRequest'],
    },
    {
      what: 'Once tools are used, every assistant turn must carry its reasoning_content, empty if there was none: else 400.',
      source: 'https://api-docs.deepseek.com/guides/thinking_mode#tool-calls',
      answeredBy: ['reasoningInput', 'reasoningInputRequired'],
    },
    {
      what: 'response_format knows text and json_object only.',
      source: 'https://api-docs.deepseek.com/guides/json_mode',
      answeredBy: ['jsonSchema'],
    },
    {
      what: 'Prefill needs another base URL (/beta).',
      source: 'https://api-docs.deepseek.com/guides/chat_prefix_completion',
      answeredBy: ['prefill'],
    },
    {
      what: 'Usage states cached tokens as prompt_cache_hit_tokens and prompt_cache_miss_tokens.',
      source: 'https://api-docs.deepseek.com/guides/kv_cache',
    },
  ],
});
