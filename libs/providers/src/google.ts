import { openaiChatHost } from './provider-profile.js';

/** The OpenAI-compatible layer over the Gemini API. */
export const google = openaiChatHost({
  id: 'google',
  name: 'Google AI Studio',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  credentialEnv: 'GEMINI_API_KEY',
  deviations: {
    rejects: ['frequency_penalty', 'logit_bias', 'presence_penalty', 'seed', 'service_tier', 'store', 'user'],
    completionTokens: 'exclude-reasoning',
  },
  quirks: [
    {
      what: 'A field the layer does not know is a 400 ("Unknown name ...: Cannot find field").',
      source: 'https://github.com/Vali-98/ChatterUI/issues/227',
      answeredBy: ['rejects'],
    },
    {
      what: 'Thoughts are not part of the completion tokens, only of the total.',
      source: 'https://github.com/Clarifai/clarifai-python/pull/978',
      answeredBy: ['completionTokens'],
    },
    {
      what: 'extra_content.google.thought_signature of a tool call must come back with it.',
      source: 'https://ai.google.dev/gemini-api/docs/thought-signatures#openai',
    },
  ],
});
