import { openaiChatHost } from './provider-profile.js';

export const groq = openaiChatHost({
  id: 'groq',
  name: 'Groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  credentialEnv: 'GROQ_API_KEY',
  deviations: { rejects: ['logprobs', 'top_logprobs', 'logit_bias', 'messages[].name'] },
  quirks: [
    {
      what: 'logprobs, top_logprobs, logit_bias, names in messages and n other than 1 are a 400.',
      source: 'https://console.groq.com/docs/openai#currently-unsupported-openai-features',
      answeredBy: ['rejects'],
    },
    {
      what: 'Reasoning comes in the field reasoning; usage also comes as x_groq.usage.',
      source: 'https://console.groq.com/docs/reasoning',
    },
  ],
});
