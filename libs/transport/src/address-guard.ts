import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { addressOf, isMetadata, isPublic } from './address-ranges.js';
import type { Address } from './address-ranges.js';
import { PrivateHosts } from './private-hosts.js';
import { publicResolver } from './resolve-host.js';
import type { ResolveHost } from './resolve-host.js';

/** A URL that may be connected to, in its canonical form without a trailing slash; or what is wrong with it, fit to be shown. */
export type JudgedUrl = { readonly url: string } | { readonly fault: string };

/** A connection that the guard did not allow. Says nothing of what a name led to: that would map the inside of a network. */
export class AddressRefused extends Error {
  readonly code = 'ERR_ADDRESS_REFUSED';

  constructor() {
    super('the address is not public');
  }
}

const URL_LENGTH_MAX = 2_048;
/** `URL` would drop or rewrite these, so that what a reader sees is not where it goes. */
const TREACHEROUS = /[\s\\\p{Cc}\p{Cf}]/u;
const STARTS_AS_URL = /^[a-z][a-z0-9+.-]*:\/\/[^/]/i;
const NOT_PUBLIC = 'must name a host that is public';

/** Names that mean the own machine or network wherever they are asked for. */
const LOCAL_SUFFIXES = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'test',
  'invalid',
  'onion',
  'arpa',
];

/**
 * Judges where strangers' URLs lead: addresses that are not public, or where clouds keep secrets, are not connected to
 * unless the operator listed them. Literals are judged as written, names by what they resolve to at the moment of the
 * connection, and it is the judged address that is connected to: a second answer of the name server comes too late.
 */
export class AddressGuard {
  /** The same for guards that judge alike. */
  readonly key: string;
  /** For `connect` of a socket. */
  readonly lookup: LookupFunction;
  private readonly privateHosts: PrivateHosts;
  private readonly resolvePublic: ResolveHost;

  /** `privateHosts`: names, addresses and ranges that are allowed though they are not public. */
  constructor(privateHosts: readonly string[], resolve: ResolveHost = publicResolver()) {
    this.key = privateHosts.toSorted().join(',').toLowerCase();
    this.privateHosts = new PrivateHosts(privateHosts);
    this.resolvePublic = resolve;
    this.lookup = (hostname, options, callback): void => {
      this.resolve(hostname, (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(new AddressRefused(), options.all === true ? [] : '');
        else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      });
    };
  }

  /** Judges a base URL as a stranger wrote it. A name may still turn out to lead nowhere public when it is connected to. */
  judge(text: string): JudgedUrl {
    if (text.length > URL_LENGTH_MAX || TREACHEROUS.test(text)) return { fault: 'must be a URL without blanks' };
    const url = STARTS_AS_URL.test(text) ? URL.parse(text) : null;
    if (url === null) return { fault: 'must be a URL' };
    const fault = this.faultOf(url);
    if (fault !== null) return { fault };
    const port = url.port === '' ? '' : `:${url.port}`;
    return { url: `${url.protocol}//${nameOf(url)}${port}${url.pathname.replace(/\/+$/, '')}` };
  }

  /** Whether connections may be opened to a host name, which is judged again by its addresses, or a literal, which is not. */
  mayConnectTo(hostname: string): boolean {
    const address = addressOf(hostname.replace(/^\[(.*)\]$/, '$1'));
    if (address !== null) return this.allows(address);
    return this.privateHosts.hasName(hostname) || isPublicName(hostname);
  }

  private faultOf(url: URL): string | null {
    const host = nameOf(url);
    const isListed = this.isListed(host);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isListed)) return 'must be an https URL';
    if (url.username !== '' || url.password !== '') return 'may not hold a user name or password';
    if (url.hash !== '' || url.href.includes('#')) return 'may not have a fragment';
    if (url.search !== '' || url.href.includes('?')) return 'may not have a query';
    if (url.port === '0') return 'must have a port from 1 to 65535';
    return this.mayConnectTo(host) ? null : NOT_PUBLIC;
  }

  /** True when the operator named this very host, or the literal lies in a range of the operator's. */
  private isListed(host: string): boolean {
    const address = addressOf(host.replace(/^\[(.*)\]$/, '$1'));
    return address === null ? this.privateHosts.hasName(host) : this.privateHosts.hasAddress(address);
  }

  private resolve(hostname: string, done: (addresses: readonly LookupAddress[]) => void): void {
    if (!this.privateHosts.hasName(hostname)) {
      this.resolvePublic(hostname, (found) => {
        done(found.filter(({ address }) => this.allowsText(address)));
      });
      return;
    }
    // The operator's own names may stand in the machine's hosts file, and may lead anywhere but to where secrets are kept.
    systemLookup(hostname, { all: true }, (error, found) => {
      done(error === null ? found.filter(({ address }) => this.isNoSecretStore(address)) : []);
    });
  }

  private allowsText(text: string): boolean {
    const address = addressOf(text);
    return address !== null && this.allows(address);
  }

  private isNoSecretStore(text: string): boolean {
    const address = addressOf(text);
    return address !== null && (!isMetadata(address) || this.privateHosts.hasAddress(address));
  }

  private allows(address: Address): boolean {
    return isPublic(address) || this.privateHosts.hasAddress(address);
  }
}

/** The host without the dot that may end it: with the dot it is the same host, and would pass for another. */
function nameOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, '');
}

/** A name that name servers of the public know: at least two labels, and none of the endings that stay inside. */
function isPublicName(host: string): boolean {
  const labels = host.split('.');
  if (labels.length < 2 || labels.includes('')) return false;
  return !LOCAL_SUFFIXES.includes(labels.at(-1) ?? '');
}
