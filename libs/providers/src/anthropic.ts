import { anthropicMessagesHost, type Quirk } from './provider-profile.js';

const SIGNATURES_ARE_SHARED: Quirk = {
  what: 'Thinking signatures made on one platform are valid on the others, so they travel untagged between them.',
  source: 'https://platform.claude.com/docs/en/build-with-claude/extended-thinking#thinking-encryption',
  answeredBy: ['signatureOrigin'],
};

export const anthropic = anthropicMessagesHost({
  id: 'anthropic',
  name: 'Anthropic',
  baseUrl: 'https://api.anthropic.com',
  credentialEnv: 'ANTHROPIC_API_KEY',
  deviations: { signatureOrigin: 'anthropic' },
  quirks: [SIGNATURES_ARE_SHARED],
});

/** Claude in Microsoft Foundry. */
export const azureAnthropic = anthropicMessagesHost({
  id: 'azure-anthropic',
  name: 'Azure (Anthropic)',
  baseUrl: null,
  credentialEnv: 'ANTHROPIC_FOUNDRY_API_KEY',
  deviations: { signatureOrigin: 'anthropic' },
  quirks: [
    SIGNATURES_ARE_SHARED,
    {
      what: 'The model of a request is the name of a deployment; the resource name is part of the base URL.',
      source: 'https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry',
    },
  ],
});

/** Claude on Bedrock's Anthropic-compatible endpoint. */
export const bedrockMantleAnthropic = anthropicMessagesHost({
  id: 'bedrock-mantle-anthropic',
  name: 'Amazon Bedrock Mantle (Anthropic)',
  baseUrl: 'https://bedrock-mantle.us-east-1.api.aws/anthropic',
  credentialEnv: 'AWS_BEARER_TOKEN_BEDROCK',
  deviations: { signatureOrigin: 'anthropic' },
  quirks: [
    SIGNATURES_ARE_SHARED,
    {
      what: 'Model ids have the prefix anthropic.; Opus 4.6 and earlier are not served here.',
      source: 'https://platform.claude.com/docs/en/build-with-claude/claude-in-amazon-bedrock',
    },
  ],
});
