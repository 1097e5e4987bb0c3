import ipaddr from 'ipaddr.js';
import { addressOf, isMetadata } from './address-ranges.js';
import type { Address } from './address-ranges.js';

type Range = readonly [Address, number];

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

/** True for an entry of a list of private hosts: a host name, an address, or a range (`10.1.0.0/16`). */
export function isPrivateHost(entry: string): boolean {
  const text = entry.toLowerCase();
  return rangeOf(text) !== null || (NAME.test(text) && !/^[\d.]+$/.test(text));
}

/** Hosts that are not public and may be reached all the same, by the operator's word. */
export class PrivateHosts {
  private readonly names = new Set<string>();
  private readonly ranges: Range[] = [];

  /** What is no valid entry allows nothing. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const text = entry.toLowerCase();
      const range = rangeOf(text);
      if (range !== null) this.ranges.push(range);
      else this.names.add(text);
    }
  }

  hasName(host: string): boolean {
    return this.names.has(host);
  }

  /** A range that happens to hold an address where clouds keep secrets does not allow it: that takes the address itself. */
  hasAddress(address: Address): boolean {
    const exactly = isMetadata(address);
    return this.ranges.some(([base, bits]) => {
      if (base.kind() !== address.kind()) return false;
      return (!exactly || bits === widthOf(base)) && matches(address, base, bits);
    });
  }
}

function rangeOf(text: string): Range | null {
  const [base = '', bits, ...rest] = text.split('/');
  const address = addressOf(base.replace(/^\[(.*)\]$/, '$1'));
  if (address === null || rest.length > 0) return null;
  if (bits === undefined) return [address, widthOf(address)];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= widthOf(address) ? [address, Number(bits)] : null;
}

function widthOf(address: Address): number {
  return address.kind() === 'ipv4' ? 32 : 128;
}

function matches(address: Address, base: Address, bits: number): boolean {
  return ipaddr.subnetMatch(address, { in: [[base, bits]] }, 'out') === 'in';
}
