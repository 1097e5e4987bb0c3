import type { Credential, Endpoint, Model, Provider } from '@switchyard/contract';
import type { ProbeAsk } from '@switchyard/dispatch';
import type { Probing } from './probing.js';

/** What a host gets that needs no credential. */
const NO_CREDENTIAL: Credential = { id: 'none', apiKey: '', weight: 1 };

/** One request, and the endpoints that its outcome speaks for. */
export interface DueProbe {
  /** The same in every process of the deployment. */
  readonly name: string;
  readonly ask: ProbeAsk;
  readonly endpoints: readonly Endpoint[];
}

/**
 * What is to be probed now: endpoints that are ejected, and those of which nothing was seen for an interval. A list of
 * models is asked of each provider once, and speaks for all its endpoints that are due.
 */
export function dueProbes(probing: Probing): readonly DueProbe[] {
  const { mode } = probing.settings;
  if (mode === 'off') return [];
  const due = new Map<string, DueProbe>();
  for (const model of probing.models) {
    for (const endpoint of model.endpoints) {
      const credential = credentialOf(endpoint.provider, probing);
      if (credential === null || !isDue(endpoint, probing)) continue;
      const name = nameOf(mode, model, endpoint);
      const before = due.get(name);
      const ask = before?.ask ?? { mode, model, endpoint, credential };
      due.set(name, { name, ask, endpoints: [...(before?.endpoints ?? []), endpoint] });
    }
  }
  return [...due.values()];
}

function nameOf(mode: ProbeAsk['mode'], model: Model, { provider, tag }: Endpoint): string {
  return mode === 'models' ? `models ${provider.id}` : `completion ${model.id} ${tag}`;
}

function isDue(endpoint: Endpoint, { health, settings, nowMs, sinceMs }: Probing): boolean {
  if (health.circuitOf(endpoint) === 'ejected') return true;
  return nowMs() - (health.seenAtMs(endpoint) ?? sinceMs) >= settings.intervalMs;
}

/** One that was not refused lately, if there is one; `null` = the provider cannot be asked. */
function credentialOf(provider: Provider, { health }: Probing): Credential | null {
  const { credentials, needsCredential } = provider;
  const rested = credentials.find(({ id }) => health.isCredentialRested(provider, id));
  return rested ?? credentials[0] ?? (needsCredential ? null : NO_CREDENTIAL);
}
