import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns';

/** Calls back once, with every address of a name; none = it has none, or nobody says. */
export type ResolveHost = (hostname: string, done: (addresses: readonly LookupAddress[]) => void) => void;

const TIMEOUT_MS = 2_000;
const TRIES = 2;

/**
 * Asks name servers without the threads that all other look-ups of the process share: names that strangers choose may be
 * answered slowly on purpose. Neither the machine's hosts file nor its search domains take part.
 */
export function publicResolver(): ResolveHost {
  let made: Resolver | null = null;
  return (hostname, done) => {
    const resolver = (made ??= new Resolver({ timeout: TIMEOUT_MS, tries: TRIES }));
    const found: LookupAddress[] = [];
    let open = 2;
    const note =
      (family: 4 | 6) =>
      (error: Error | null, addresses: readonly string[]): void => {
        if (error === null) found.push(...addresses.map((address) => ({ address, family })));
        open -= 1;
        if (open === 0) done(found);
      };
    resolver.resolve4(hostname, note(4));
    resolver.resolve6(hostname, note(6));
  };
}
