import { openaiChatHost } from './provider-profile.js';

export const alibaba = openaiChatHost({
  id: 'alibaba',
  name: 'Alibaba',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  credentialEnv: 'DASHSCOPE_API_KEY',
  deviations: {
    accepts: ['top_k', 'repetition_penalty'],
    reasoningRequest: 'enable_thinking',
    prefill: 'partial',
    cacheControl: true,
    jsonSchema: false,
  },
  quirks: [
    {
      what: 'top_k and repetition_penalty are taken beside the parameters of OpenAI.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api',
      answeredBy: ['accepts'],
    },
    {
      what: 'Thinking is asked for with enable_thinking and thinking_budget.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/deep-thinking',
      answeredBy: ['reasoningRequest'],
    },
    {
      what: 'A prefill is marked partial: true.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/partial-mode',
      answeredBy: ['prefill'],
    },
    {
      what: 'cache_control on content parts makes an explicit cache.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/context-cache',
      answeredBy: ['cacheControl'],
    },
    {
      what: 'JSON mode takes no schema on most models.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/json-mode',
      answeredBy: ['jsonSchema'],
    },
    {
      what: 'Keys are bound to a region, whose base URL must be used: else 401.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/regions',
    },
  ],
});
