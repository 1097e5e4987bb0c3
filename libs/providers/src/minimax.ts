import { openaiChatHost } from './provider-profile.js';

export const minimax = openaiChatHost({
  id: 'minimax',
  name: 'MiniMax',
  baseUrl: 'https://api.minimax.io/v1',
  credentialEnv: 'MINIMAX_API_KEY',
  deviations: {
    temperatureMin: 0.01,
    temperatureMax: 1,
    reasoningRequest: 'none',
    thinkTags: true,
    jsonSchema: false,
  },
  quirks: [
    {
      what: 'Temperature must be above 0 and at most 1.',
      source: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
      answeredBy: ['temperatureMin', 'temperatureMax'],
    },
    {
      what: 'Thinking cannot be switched off, and comes as think tags in the text unless reasoning_split asks otherwise.',
      source: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
      answeredBy: ['reasoningRequest', 'thinkTags'],
    },
    {
      what: 'A JSON schema for the output is not documented for the M2 models.',
      source: 'https://platform.minimax.io/docs/api-reference/text-post',
      answeredBy: ['jsonSchema'],
    },
    {
      what: 'An error may come inside a 200, as base_resp.status_code other than 0.',
      source: 'https://platform.minimax.io/docs/api-reference/errorcode',
    },
  ],
});
