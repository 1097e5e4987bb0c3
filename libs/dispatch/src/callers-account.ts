import type { Credential, Provider, UpstreamFailure } from '@switchyard/contract';
import type { Dialect } from '@switchyard/dialects';

/** What a provider can refuse an account for that only the holder of the account can mend. */
const ACCOUNT_BOUND: ReadonlySet<UpstreamFailure['class']> = new Set(['auth', 'billing']);

/** Under this name what is seen of an account, and what runs through it, is kept apart from every other's. */
export function accountScope(provider: Provider): string {
  return provider.callers?.scope ?? provider.id;
}

/** Connections of one account are never used for another. */
export function poolKeyOf(provider: Provider, credential: Credential): string {
  return `${accountScope(provider)} ${credential.id}`;
}

/** The headers of the dialect, with those that hold the secret replaced where it signs in another way. */
export function signInHeaders(upstream: Dialect, { apiKey, signIn }: Credential): Readonly<Record<string, string>> {
  if (apiKey === '') return {};
  const usual = upstream.signIn(apiKey);
  if (signIn === undefined) return usual;
  const others = Object.entries(usual).filter(([, value]) => !value.includes(apiKey));
  return { ...Object.fromEntries(others), ...signIn };
}

/**
 * The same failure as the caller is to be told it: a refusal of the account that the caller brought along is a fault of the
 * request, and not of the gateway's set-up. Another endpoint may still serve.
 */
export function asCallersFault(failure: UpstreamFailure, provider: Provider): UpstreamFailure {
  if (provider.callers === undefined || !ACCOUNT_BOUND.has(failure.class)) return failure;
  const param = `provider_configs.${provider.callers.name}.api_key`;
  const what = failure.class === 'auth' ? 'refused it' : 'takes no requests from its account, for want of payment';
  return { class: 'endpoint_specific', status: failure.status, message: `${param}: the provider ${what}.`, param };
}
