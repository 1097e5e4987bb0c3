import type { Provider } from '@switchyard/contract';

interface Address {
  readonly origin: string;
  /** Path of the base URL without a trailing slash. */
  readonly prefix: string;
}

const addresses = new WeakMap<Provider, Address>();

/** Where a provider's base URL leads. */
export function addressOf(provider: Provider): Address {
  const known = addresses.get(provider);
  if (known !== undefined) return known;
  const url = new URL(provider.baseUrl);
  const address = { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') };
  addresses.set(provider, address);
  return address;
}
