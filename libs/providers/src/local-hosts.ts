import type { ProviderProfile } from './provider-profile.js';

/** A vLLM server of one's own. */
export const vllm: ProviderProfile = {
  id: 'vllm',
  name: 'vLLM',
  dialect: 'openai-chat',
  baseUrl: 'http://127.0.0.1:8000/v1',
  credentialEnv: null,
  needsCredential: false,
  deviations: { accepts: ['top_k', 'min_p', 'repetition_penalty'], midSystem: 'fold', systemRole: 'system' },
  quirks: [
    {
      what: 'top_k, min_p and repetition_penalty are taken at the top level.',
      source: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server/#chat-api',
      answeredBy: ['accepts'],
    },
    {
      what: 'Chat templates refuse a system message that is not the first.',
      source: 'https://github.com/vllm-project/vllm/issues/41114',
      answeredBy: ['midSystem', 'systemRole'],
    },
    {
      what: 'Reasoning comes as reasoning, on older servers as reasoning_content.',
      source: 'https://docs.vllm.ai/en/latest/features/reasoning_outputs/',
    },
  ],
};

/** An Ollama server of one's own. */
export const ollama: ProviderProfile = {
  id: 'ollama',
  name: 'Ollama',
  dialect: 'openai-chat',
  baseUrl: 'http://127.0.0.1:11434/v1',
  credentialEnv: null,
  needsCredential: false,
  deviations: { imageUrls: false, maxTokensField: 'max_tokens', systemRole: 'system' },
  quirks: [
    {
      what: 'Images are taken as base64 only; the output limit is max_tokens; tool_choice, logit_bias and n have no effect.',
      source: 'https://docs.ollama.com/api/openai-compatibility',
      answeredBy: ['imageUrls', 'maxTokensField', 'systemRole'],
    },
    {
      what: 'A tool call comes whole in one chunk.',
      source: 'https://docs.ollama.com/capabilities/tool-calling',
    },
  ],
};
