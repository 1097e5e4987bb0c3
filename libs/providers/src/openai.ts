import { openaiChatHost, type Quirk } from './provider-profile.js';

const MAX_COMPLETION_TOKENS: Quirk = {
  what: 'max_tokens is deprecated, and reasoning models reject it; every chat model takes max_completion_tokens.',
  source: 'https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_completion_tokens',
  answeredBy: ['maxTokensField'],
};

export const openai = openaiChatHost({
  id: 'openai',
  name: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  credentialEnv: 'OPENAI_API_KEY',
  deviations: { maxTokensField: 'max_completion_tokens' },
  quirks: [
    MAX_COMPLETION_TOKENS,
    {
      what: 'Models named -pro and -codex answer on the Responses API only.',
      source: 'https://platform.openai.com/docs/models/gpt-5.5-pro',
    },
    {
      what: 'GPT-5.4 and later refuse tools together with an explicit reasoning effort on Chat Completions.',
      source: 'https://github.com/BerriAI/litellm/issues/34569',
    },
  ],
});

/** Azure OpenAI by its versionless API, which takes the key as a bearer token. */
export const azure = openaiChatHost({
  id: 'azure',
  name: 'Azure',
  baseUrl: null,
  credentialEnv: 'AZURE_OPENAI_API_KEY',
  deviations: { maxTokensField: 'max_completion_tokens' },
  quirks: [
    MAX_COMPLETION_TOKENS,
    {
      what: 'The base URL is https://<resource>.openai.azure.com/openai/v1 and the model is the name of a deployment.',
      source: 'https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle',
    },
    {
      what: 'A stream opens with a chunk without choices that holds the content filter results of the prompt.',
      source: 'https://github.com/microsoft/autogen/issues/6465',
    },
  ],
});

/** Open-weight models on Bedrock's OpenAI-compatible endpoint. */
export const bedrockMantle = openaiChatHost({
  id: 'bedrock-mantle',
  name: 'Amazon Bedrock Mantle',
  baseUrl: 'https://bedrock-mantle.us-east-1.api.aws/v1',
  credentialEnv: 'AWS_BEARER_TOKEN_BEDROCK',
  quirks: [
    {
      what: 'Claude answers on the Messages API only, GPT-5 and Grok on the Responses API only.',
      source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html',
    },
  ],
});
