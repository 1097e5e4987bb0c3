const API_VERSION = '2023-06-01';

/** An API key has a header of its own; an OAuth token (`sk-ant-oat...`) is accepted only as a bearer. */
export function signIn(apiKey: string): Readonly<Record<string, string>> {
  const isOauthToken = apiKey.startsWith('sk-ant-oat');
  return {
    ...(isOauthToken ? { authorization: `Bearer ${apiKey}` } : { 'x-api-key': apiKey }),
    'anthropic-version': API_VERSION,
  };
}
