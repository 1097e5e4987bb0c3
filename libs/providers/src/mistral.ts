import { openaiChatHost } from './provider-profile.js';

export const mistral = openaiChatHost({
  id: 'mistral',
  name: 'Mistral',
  baseUrl: 'https://api.mistral.ai/v1',
  credentialEnv: 'MISTRAL_API_KEY',
  deviations: {
    maxTokensField: 'max_tokens',
    systemRole: 'system',
    midSystem: 'fold',
    userAfterTool: 'merge',
    streamUsage: 'always',
    requiredToolChoice: 'any',
    toolIds: 'alnum9',
    seedField: 'random_seed',
    prefill: 'prefix',
    reasoningRequest: 'none',
    rejects: ['logit_bias', 'logprobs', 'top_logprobs', 'service_tier', 'store', 'user', 'verbosity'],
  },
  quirks: [
    {
      what: 'Fields beyond the schema are a 422 ("Extra inputs are not permitted"), max_completion_tokens among them.',
      source: 'https://github.com/editor-code-assistant/eca/issues/231',
      answeredBy: ['maxTokensField', 'rejects', 'reasoningRequest'],
    },
    {
      what: 'reasoning_content on an earlier turn is refused as well.',
      source: 'https://github.com/charmbracelet/crush/issues/1590',
    },
    {
      what: 'Tool call ids have exactly nine letters or digits.',
      source: 'https://github.com/anomalyco/opencode/issues/1680',
      answeredBy: ['toolIds'],
    },
    {
      what: 'The seed is random_seed, a prefill is marked prefix: true, and any is the word for a required tool call.',
      source: 'https://docs.mistral.ai/api/endpoint/chat',
      answeredBy: ['seedField', 'prefill', 'requiredToolChoice', 'systemRole'],
    },
    {
      what: 'Usage comes with the last chunk of every stream.',
      source: 'https://docs.mistral.ai/capabilities/completion/usage',
      answeredBy: ['streamUsage'],
    },
    {
      what: 'A system message in mid-conversation is refused: roles must alternate.',
      source: 'https://github.com/vllm-project/vllm/issues/41114',
      answeredBy: ['midSystem'],
    },
    {
      what: 'A user message right after a tool message is refused: an assistant message must come between.',
      source: 'https://github.com/zed-industries/zed/issues/37021',
      answeredBy: ['userAfterTool'],
    },
  ],
});
