import type { Provider } from '@switchyard/contract';
import { alibaba } from './alibaba.js';
import { anthropic, azureAnthropic, bedrockMantleAnthropic } from './anthropic.js';
import { cerebras } from './cerebras.js';
import { deepseek } from './deepseek.js';
import { google } from './google.js';
import { groq } from './groq.js';
import { ollama, vllm } from './local-hosts.js';
import { minimax } from './minimax.js';
import { mistral } from './mistral.js';
import { moonshot } from './moonshot.js';
import { baseten, deepinfra, fireworks, novita, together } from './open-weight-hosts.js';
import { azure, bedrockMantle, openai } from './openai.js';
import { openrouter } from './openrouter.js';
import type { ProviderProfile } from './provider-profile.js';
import { xai } from './xai.js';
import { zai } from './zai.js';

/** Every host whose peculiarities are known. */
export const PROVIDER_PROFILES: readonly ProviderProfile[] = [
  anthropic,
  azureAnthropic,
  bedrockMantleAnthropic,
  openai,
  azure,
  bedrockMantle,
  google,
  openrouter,
  deepseek,
  moonshot,
  minimax,
  alibaba,
  zai,
  xai,
  mistral,
  groq,
  cerebras,
  together,
  fireworks,
  deepinfra,
  novita,
  baseten,
  vllm,
  ollama,
];

const byId: ReadonlyMap<string, ProviderProfile> = new Map(PROVIDER_PROFILES.map((profile) => [profile.id, profile]));

/**
 * The profile a provider names, or is named like. Where none is known, or the provider speaks another dialect than the
 * profile, it is taken to follow its dialect to the letter; reasoning it signs is then replayed to it alone.
 */
export function profileFor(provider: Provider): ProviderProfile {
  const known = byId.get(provider.profile);
  if (known?.dialect === provider.dialect) return known;
  return {
    id: provider.id,
    name: provider.name,
    dialect: provider.dialect,
    baseUrl: provider.baseUrl,
    credentialEnv: null,
    needsCredential: provider.needsCredential,
    deviations: {},
    quirks: [],
  };
}
