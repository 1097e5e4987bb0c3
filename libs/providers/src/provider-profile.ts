import type { DialectId } from '@switchyard/contract';
import type { Deviations } from '@switchyard/dialects';

/** One peculiarity of a host. */
export interface Quirk {
  readonly what: string;
  /** A link to the vendor's documentation, or to an issue where it was seen. */
  readonly source: string;
  /** The fields of `deviations` that answer it; absent = good to know, nothing to do. */
  readonly answeredBy?: readonly (keyof Deviations)[];
}

/** What is known of a host, as data: nothing here is code. */
export interface ProviderProfile {
  readonly id: string;
  /** Display name. */
  readonly name: string;
  readonly dialect: DialectId;
  /** Default base URL; `null` = every installation or account has its own. */
  readonly baseUrl: string | null;
  /** Environment variable that usually holds the credential; `null` = none is needed. */
  readonly credentialEnv: string | null;
  readonly needsCredential: boolean;
  /** Where the host departs from its dialect; empty = nowhere that matters. */
  readonly deviations: Deviations;
  readonly quirks: readonly Quirk[];
}

/** What the profile of a hosted provider states; the rest has a default. */
export interface HostedProfile {
  readonly id: string;
  readonly name: string;
  readonly baseUrl: string | null;
  readonly credentialEnv: string;
  readonly deviations?: Deviations;
  readonly quirks?: readonly Quirk[];
}

/** A host that speaks OpenAI's Chat Completions and signs in with a key. */
export function openaiChatHost(profile: HostedProfile): ProviderProfile {
  return { dialect: 'openai-chat', needsCredential: true, deviations: {}, quirks: [], ...profile };
}

/** A host that speaks Anthropic's Messages and signs in with a key. */
export function anthropicMessagesHost(profile: HostedProfile): ProviderProfile {
  return { dialect: 'anthropic-messages', needsCredential: true, deviations: {}, quirks: [], ...profile };
}
