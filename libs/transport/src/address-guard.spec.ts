import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { HIDDEN_HOSTS } from '../../../test/testing/host-spellings.js';
import { AddressGuard, AddressRefused } from './address-guard.js';
import { addressOf, isPublic } from './address-ranges.js';
import { isPrivateHost } from './private-hosts.js';

const STRICT = new AddressGuard([]);

function urlOf(text: string, guard = STRICT): string | null {
  const judged = guard.judge(text);
  return 'url' in judged ? judged.url : null;
}

function faultOf(text: string, guard = STRICT): string {
  const judged = guard.judge(text);
  return 'fault' in judged ? judged.fault : '';
}

describe('a URL of a stranger', () => {
  it.each(HIDDEN_HOSTS.map((url) => [JSON.stringify(url), url.replace('PORT', '8443')] as const))(
    '%s is refused',
    (_shown, url) => {
      expect(urlOf(url)).toBeNull();
    },
  );

  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['https://API.OpenAI.com/v1/', 'https://api.openai.com/v1'],
    ['https://api.openai.com', 'https://api.openai.com'],
    ['https://api.openai.com.:443/v1', 'https://api.openai.com/v1'],
    ['https://api.example.com:8443/a/b//', 'https://api.example.com:8443/a/b'],
    ['https://8.8.8.8/v1', 'https://8.8.8.8/v1'],
    ['https://134744072/v1', 'https://8.8.8.8/v1'],
    ['https://[2606:4700:4700::1111]/v1', 'https://[2606:4700:4700::1111]/v1'],
    ['https://[::ffff:8.8.8.8]/v1', 'https://[::ffff:808:808]/v1'],
    ['https://bücher.example/v1', 'https://xn--bcher-kva.example/v1'],
    ['https://host.example/%7Eme/v1', 'https://host.example/%7Eme/v1'],
    ['https://host.example/a/../b', 'https://host.example/b'],
  ])('%s is read as %s', (text, url) => {
    expect(urlOf(text)).toBe(url);
  });

  it.each([
    ['http://api.example.com/v1', 'https'],
    ['https://user@api.example.com', 'user name'],
    ['https://api.example.com/v1?x=1', 'query'],
    ['https://api.example.com/v1#x', 'fragment'],
    ['https://api.example.com:0/v1', 'port'],
    ['https://10.0.0.1/v1', 'public'],
    ['https://api.example.com/ v1', 'blanks'],
    ['not a url', 'URL'],
    [`https://api.example.com/${'a'.repeat(3_000)}`, 'URL'],
  ])('%s is told what is wrong with it', (text, word) => {
    expect(faultOf(text)).toContain(word);
  });

  it('is never told where a name leads, nor repeated', () => {
    for (const text of HIDDEN_HOSTS) expect(faultOf(text)).not.toMatch(/\d{2,}\.|localhost|internal|169/);
  });
});

describe('the ranges that are not public', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const privateAddress = fc.oneof(
    fc.tuple(fc.constantFrom(10, 127, 0), octet, octet, octet),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
  );
  const radix = fc.constantFrom(8, 10, 16);
  const inRadix = (value: number, base: number): string =>
    base === 16 ? `0x${value.toString(16)}` : base === 8 ? `0${value.toString(8)}` : String(value);
  const hex = (...bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');

  /** The last part of a short form holds all the octets that are left. */
  const shortForm = ([a, b, c, d]: readonly number[], parts: number, bases: readonly number[]): string => {
    const octets = [a ?? 0, b ?? 0, c ?? 0, d ?? 0];
    const head = octets.slice(0, parts - 1);
    const tail = octets.slice(parts - 1).reduce((sum, value) => sum * 256 + value, 0);
    return [...head, tail].map((value, index) => inRadix(value, bases[index] ?? 10)).join('.');
  };

  const spelling = fc
    .record({
      address: privateAddress,
      parts: fc.integer({ min: 1, max: 4 }),
      bases: fc.tuple(radix, radix, radix, radix),
      form: fc.constantFrom('v4', 'mapped', 'nat64', '6to4', 'compatible', 'dotted'),
    })
    .map(({ address, parts, bases, form }) => {
      const [a, b, c, d] = address;
      const high = hex(a, b);
      const low = hex(c, d);
      switch (form) {
        case 'mapped':
          return `[::ffff:${high}:${low}]`;
        case 'dotted':
          return `[::FFFF:${address.join('.')}]`;
        case 'nat64':
          return `[64:ff9b::${high}:${low}]`;
        case '6to4':
          return `[2002:${high}:${low}::1]`;
        case 'compatible':
          return `[::${high}:${low}]`;
        default:
          return shortForm(address, parts, bases);
      }
    });

  it('are told in any spelling of an address', () => {
    fc.assert(
      fc.property(spelling, (host) => {
        expect(urlOf(`https://${host}/v1`)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  it('are told in any answer of a name server', () => {
    fc.assert(
      fc.property(privateAddress, (octets) => {
        for (const text of [octets.join('.'), `::ffff:${octets.join('.')}`, `64:ff9b::${octets.join('.')}`]) {
          const address = addressOf(text);
          expect(address === null || isPublic(address)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are all ranges but what is assigned to the public', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const address = ipaddr.fromByteArray([...bytes]);
        if (isPublic(address)) expect((bytes[0] ?? 0) >> 5).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('private hosts that the operator listed', () => {
  const GUARD = new AddressGuard(['gpu.internal', '10.1.0.0/16', '127.0.0.1', 'fd00:1::/32', '169.254.0.0/16']);

  it.each([
    'http://gpu.internal:8000/v1',
    'https://GPU.internal./v1',
    'http://10.1.2.3/v1',
    'http://127.0.0.1:9000/v1',
    'http://127.1/v1',
    'https://[fd00:1::5]/v1',
    'https://169.254.1.1/v1',
  ])('%s may be reached, without TLS too', (text) => {
    expect(urlOf(text, GUARD)).not.toBeNull();
  });

  it.each([
    'https://other.internal/v1',
    'https://sub.gpu.internal/v1',
    'https://10.2.0.1/v1',
    'https://127.0.0.2/v1',
    'http://api.example.com/v1',
    'https://169.254.169.254/v1',
  ])('%s may not', (text) => {
    expect(urlOf(text, GUARD)).toBeNull();
  });

  it('include the place where a cloud keeps its secrets only by its very address', () => {
    expect(urlOf('http://169.254.169.254/v1', new AddressGuard(['169.254.169.254']))).not.toBeNull();
  });

  it.each([
    ['gpu.internal', true],
    ['10.0.0.0/8', true],
    ['fd00::/8', true],
    ['[::1]', true],
    ['127.0.0.1', true],
    ['my_host', true],
    ['10.0.0.0/33', false],
    ['10.0.0.0/8/8', false],
    ['10.0.0', false],
    ['http://gpu.internal', false],
    ['gpu.internal:8000', false],
    ['*.internal', false],
    ['', false],
  ])('%s is an entry: %s', (entry, isValid) => {
    expect(isPrivateHost(entry)).toBe(isValid);
  });
});

describe('the look-up of a guarded connection', () => {
  const answers =
    (...addresses: readonly string[]) =>
    (_host: string, done: (found: readonly LookupAddress[]) => void) => {
      done(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    };

  function lookUp(guard: AddressGuard, host: string, all: boolean): unknown[] {
    const told: unknown[] = [];
    guard.lookup(host, { all }, (...args: unknown[]) => told.push(...args));
    return told;
  }

  it('gives the addresses it judged', () => {
    const guard = new AddressGuard([], answers('8.8.8.8', '2606:4700::1'));
    expect(lookUp(guard, 'api.example.com', true)).toEqual([
      null,
      [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1', family: 6 },
      ],
    ]);
    expect(lookUp(guard, 'api.example.com', false)).toEqual([null, '8.8.8.8', 4]);
  });

  it('keeps those from the connection that are not public', () => {
    const guard = new AddressGuard([], answers('127.0.0.1', '8.8.8.8', '::1', 'fe80::1%eth0', 'nonsense'));
    expect(lookUp(guard, 'mixed.example.com', true)).toEqual([null, [{ address: '8.8.8.8', family: 4 }]]);
  });

  it.each([
    ['leads inside', ['10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1']],
    ['does not exist', []],
  ])('fails alike for a name that %s', (_what, addresses) => {
    const [error] = lookUp(new AddressGuard([], answers(...addresses)), 'name.example.com', true);
    expect(error).toBeInstanceOf(AddressRefused);
    expect((error as Error).message).toBe('the address is not public');
  });

  it('takes a private address where the operator listed its range', () => {
    const guard = new AddressGuard(['10.0.0.0/8'], answers('10.0.0.1', '192.168.0.1'));
    expect(lookUp(guard, 'vpn.example.com', true)).toEqual([null, [{ address: '10.0.0.1', family: 4 }]]);
  });
});
