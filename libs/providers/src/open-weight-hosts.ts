import { openaiChatHost, type Quirk } from './provider-profile.js';

/** Hosts of open-weight models on vLLM-like servers, which differ from OpenAI in little but the sampling they take. */
const SAMPLING = ['top_k', 'min_p', 'repetition_penalty'] as const;

const systemFirst: Quirk = {
  what: 'Chat templates of open-weight models refuse a system message that is not the first.',
  source: 'https://github.com/vllm-project/vllm/issues/41114',
  answeredBy: ['midSystem', 'systemRole'],
};

/** Sampling beyond OpenAI's, documented by the host. */
function sampling(source: string): Quirk {
  return { what: 'top_k, min_p and repetition_penalty are taken at the top level.', source, answeredBy: ['accepts'] };
}

const deviations = { accepts: SAMPLING, midSystem: 'fold', systemRole: 'system' } as const;

export const together = openaiChatHost({
  id: 'together',
  name: 'Together',
  baseUrl: 'https://api.together.xyz/v1',
  credentialEnv: 'TOGETHER_API_KEY',
  deviations,
  quirks: [
    sampling('https://docs.together.ai/reference/chat-completions'),
    systemFirst,
    {
      what: 'Models that can switch thinking off do so by reasoning.enabled; efforts go by reasoning_effort.',
      source: 'https://docs.together.ai/docs/inference/chat/reasoning',
    },
  ],
});

export const fireworks = openaiChatHost({
  id: 'fireworks',
  name: 'Fireworks',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  credentialEnv: 'FIREWORKS_API_KEY',
  deviations,
  quirks: [
    sampling('https://docs.fireworks.ai/api-reference/post-chatcompletions'),
    systemFirst,
    {
      what: 'Usage comes with the last chunk of every stream, asked for or not; models are accounts/fireworks/models/<name>.',
      source: 'https://docs.fireworks.ai/tools-sdks/openai-compatibility',
    },
  ],
});

export const deepinfra = openaiChatHost({
  id: 'deepinfra',
  name: 'DeepInfra',
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  credentialEnv: 'DEEPINFRA_API_KEY',
  deviations,
  quirks: [
    sampling('https://docs.deepinfra.com/api-reference/chat-completions/openai-chat-completions'),
    systemFirst,
    {
      what: 'The output limit of a request ends at 16384 tokens for most models.',
      source: 'https://deepinfra.com/docs/advanced/max_tokens_limit',
    },
  ],
});

export const novita = openaiChatHost({
  id: 'novita',
  name: 'Novita',
  baseUrl: 'https://api.novita.ai/openai/v1',
  credentialEnv: 'NOVITA_API_KEY',
  deviations,
  quirks: [sampling('https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion'), systemFirst],
});

export const baseten = openaiChatHost({
  id: 'baseten',
  name: 'Baseten',
  baseUrl: 'https://inference.baseten.co/v1',
  credentialEnv: 'BASETEN_API_KEY',
  deviations,
  quirks: [
    sampling('https://docs.baseten.co/reference/inference-api/chat-completions'),
    systemFirst,
    {
      what: 'Some models think only when chat_template_args.enable_thinking asks for it.',
      source: 'https://docs.baseten.co/inference/model-apis/reasoning',
    },
  ],
});
