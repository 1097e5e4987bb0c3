import type { Credential, Provider } from '@switchyard/contract';

const NO_CREDENTIAL: Credential = { id: 'none', apiKey: '', weight: 1 };

/**
 * A credential drawn by weight among those not tried yet, of those that `isUsable` where there are any; `null` when none
 * is left. `random` is in [0, 1).
 */
export function drawCredential(
  provider: Provider,
  tried: ReadonlySet<string>,
  random: number,
  isUsable: (credentialId: string) => boolean,
): Credential | null {
  if (provider.credentials.length === 0) return tried.size === 0 ? NO_CREDENTIAL : null;
  const [only] = provider.credentials;
  if (provider.credentials.length === 1 && only !== undefined) return tried.has(only.id) ? null : only;
  const left = provider.credentials.filter((credential) => !tried.has(credential.id));
  const usable = left.filter((credential) => isUsable(credential.id));
  return drawByWeight(usable.length > 0 ? usable : left, random);
}

function drawByWeight(credentials: readonly Credential[], random: number): Credential | null {
  const total = credentials.reduce((sum, credential) => sum + credential.weight, 0);
  let mark = random * total;
  for (const credential of credentials) {
    mark -= credential.weight;
    if (mark < 0) return credential;
  }
  return credentials.at(-1) ?? null;
}
