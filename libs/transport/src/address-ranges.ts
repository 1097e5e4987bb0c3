import ipaddr from 'ipaddr.js';
import type { IPv4, IPv6 } from 'ipaddr.js';

/** An address in the one form that is judged: IPv4 wherever an IPv6 address merely carries one. */
export type Address = IPv4 | IPv6;

/** Where clouds hand their machines' secrets out, among them ones that lie in public ranges. */
const METADATA: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.169.253',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
]);

const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** All that is routed in public; what lies outside is loopback, local, multicast or not assigned. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** An address out of its canonical text, without brackets; `null` = not one. */
export function addressOf(text: string): Address | null {
  // Only what a resolver or `URL` writes: short, octal and hexadecimal forms of IPv4 are not addresses here.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return null;
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(NAT64) ? ipaddr.fromByteArray(address.toByteArray().slice(12)) : address;
}

/** True for an address that anybody on the internet can reach, and where no cloud keeps secrets. */
export function isPublic(address: Address): boolean {
  if (isMetadata(address) || address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || (address as IPv6).match(GLOBAL_UNICAST);
}

export function isMetadata(address: Address): boolean {
  return METADATA.has(address.toString());
}
