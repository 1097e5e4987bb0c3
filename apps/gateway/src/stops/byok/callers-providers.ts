import { createHmac } from 'node:crypto';
import { overlaySnapshot } from '@switchyard/catalog';
import type { OverlaidProvider } from '@switchyard/catalog';
import { GatewayError } from '@switchyard/contract';
import type {
  AccountLimits,
  CatalogSnapshot,
  Credential,
  Provider,
  ProviderConfig,
  Timeouts,
} from '@switchyard/contract';
import { CALLERS_HOST } from '@switchyard/routing';
import type { AddressGuard } from '@switchyard/transport';
import { signInOf } from './sign-in-of.js';

/** What a caller's own providers are judged by and built from. */
export interface CallersSurroundings {
  readonly catalog: CatalogSnapshot;
  readonly guard: AddressGuard;
  readonly timeouts: Timeouts;
  readonly pepper: Buffer;
  readonly tenantId: string;
}

/** Providers that the catalogue does not know go by such a name in records and headers. */
const SLUG = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * The catalogue as one request sees it that brought accounts or providers along. The operator's credentials and headers
 * go nowhere that the caller chose, nor together with the caller's own.
 *
 * @throws GatewayError `invalid_request` naming the entry's field: an unknown provider without a host, a host that is not
 *   public, two entries for one provider.
 */
export function withCallersProviders(
  configs: readonly ProviderConfig[],
  surroundings: CallersSurroundings,
): CatalogSnapshot {
  const overlaid: OverlaidProvider[] = [];
  for (const config of configs) {
    const known = surroundings.catalog.findProvider(config.name);
    const provider = known === null ? newProvider(config, surroundings) : overProvider(known, config, surroundings);
    if (overlaid.some((other) => other.provider.id === provider.id)) {
      throw fault(config, null, `names the provider ${provider.id}, as another entry does`);
    }
    overlaid.push({ provider, isKnown: known !== null });
  }
  return overlaySnapshot(surroundings.catalog, overlaid);
}

function overProvider(known: Provider, config: ProviderConfig, surroundings: CallersSurroundings): Provider {
  const timeouts = {
    ...known.timeouts,
    ...boundedBy(config.timeoutMs, { ...surroundings.timeouts, ...known.timeouts }),
  };
  if (config.apiKey === null) return { ...known, timeouts };
  const baseUrl = config.baseUrl === null ? known.baseUrl : judgedUrl(config, surroundings.guard);
  return { ...known, ...accountOf(config, known.id, baseUrl, surroundings), baseUrl, timeouts };
}

function newProvider(config: ProviderConfig, surroundings: CallersSurroundings): Provider {
  const id = config.name.toLowerCase();
  if (config.baseUrl === null) {
    throw fault(config, 'base_url', 'is required: no provider of this name is configured');
  }
  if (!SLUG.test(id) || id === CALLERS_HOST) {
    throw fault(config, null, 'is no name for a new provider: letters, digits, dots, dashes and underscores');
  }
  const baseUrl = judgedUrl(config, surroundings.guard);
  return {
    id,
    name: config.name,
    dialect: 'openai-chat',
    baseUrl,
    dataPolicy: { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] },
    profile: '',
    timeouts: boundedBy(config.timeoutMs, surroundings.timeouts),
    ...accountOf(config, id, baseUrl, surroundings),
  };
}

type Account = Required<Pick<Provider, 'credentials' | 'needsCredential' | 'headers' | 'callers'>>;

function accountOf(
  config: ProviderConfig,
  providerId: string,
  baseUrl: string,
  { pepper, tenantId }: CallersSurroundings,
): Account {
  const apiKey = config.apiKey ?? '';
  const signIn = signInOf(config);
  const { headers } = config;
  const whose = JSON.stringify([tenantId, providerId, baseUrl, apiKey, signIn, headers]);
  // Keyed, and so of no use to whoever sees it and guesses at secrets.
  const digest = createHmac('sha256', pepper).update(`account of a caller ${whose}`).digest('hex').slice(0, 32);
  const credential: Credential = {
    id: `own-${digest}`,
    apiKey,
    weight: 1,
    ...(signIn !== null && { signIn }),
    ...(config.rateLimitRpm !== null && { limits: requestsPerMinute(config.rateLimitRpm) }),
  };
  return {
    credentials: [credential],
    needsCredential: true,
    headers,
    callers: { scope: digest, name: config.name, ownHost: config.baseUrl !== null },
  };
}

function requestsPerMinute(limit: number): AccountLimits {
  return { requestsPerMinute: limit, inputTokensPerMinute: null, outputTokensPerMinute: null, concurrency: null };
}

/** No attempt takes longer than the caller says, and none of its clocks runs longer than it did. */
function boundedBy(totalMs: number | null, timeouts: Timeouts): Partial<Timeouts> {
  if (totalMs === null) return {};
  const lowered: { -readonly [Key in keyof Timeouts]?: number } = {};
  for (const clock of ['connectMs', 'headersMs', 'firstEventMs', 'reasoningFirstEventMs', 'totalMs'] as const) {
    lowered[clock] = Math.min(totalMs, timeouts[clock]);
  }
  return lowered;
}

function judgedUrl(config: ProviderConfig, guard: AddressGuard): string {
  const judged = guard.judge(config.baseUrl ?? '');
  if ('fault' in judged) throw fault(config, 'base_url', judged.fault);
  return judged.url;
}

function fault({ name }: ProviderConfig, field: string | null, complaint: string): GatewayError {
  const param = field === null ? `provider_configs.${name}` : `provider_configs.${name}.${field}`;
  return new GatewayError('invalid_request', `${param}: ${complaint}`, { param });
}
