import type { ProviderConfig } from '@switchyard/contract';

const API_KEY_HEADER = 'x-api-key';

/** The header that a caller's account signs in with; `null` = in the way of the provider's dialect. */
export function signInOf(config: ProviderConfig): Readonly<Record<string, string>> | null {
  const { authType, authHeaderName, apiKey } = config;
  if (authType === null || apiKey === null) return null;
  switch (authType) {
    case 'bearer':
      return { authorization: `Bearer ${apiKey}` };
    case 'basic':
      return { authorization: `Basic ${Buffer.from(apiKey, 'utf8').toString('base64')}` };
    case 'api_key':
    case 'custom':
      return { [authHeaderName ?? API_KEY_HEADER]: apiKey };
  }
}
