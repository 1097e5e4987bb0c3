import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@switchyard/contract';
import fc from 'fast-check';
import { jsonObjectText } from './json-text.fixture.js';
import { scanObject } from './scan-object.js';
import { spliceObject } from './splice-object.js';

const LIMITS = { maxDepth: 64 };

type Edits = readonly (readonly [string, JsonValue | undefined])[];

function splice(text: string, edits: Edits): string {
  const bytes = Buffer.from(text);
  return spliceObject(bytes, scanObject(bytes, LIMITS), new Map(edits)).toString();
}

describe('splicing', () => {
  const text = '{ "a" : 1 ,\n  "b":[2, 3],"c" :"x"  }\n';

  it.each<[string, Edits, string]>([
    ['replaces a value in place', [['b', 'new']], '{ "a" : 1 ,\n  "b":"new","c" :"x"  }\n'],
    ['cuts the first member with the comma after it', [['a', undefined]], '{ "b":[2, 3],"c" :"x"  }\n'],
    ['cuts a middle member with the comma before it', [['b', undefined]], '{ "a" : 1,"c" :"x"  }\n'],
    ['cuts the last member with the comma before it', [['c', undefined]], '{ "a" : 1 ,\n  "b":[2, 3]  }\n'],
    [
      'cuts two in a row',
      [
        ['a', undefined],
        ['b', undefined],
      ],
      '{ "c" :"x"  }\n',
    ],
    [
      'cuts all',
      [
        ['a', undefined],
        ['b', undefined],
        ['c', undefined],
      ],
      '{   }\n',
    ],
    ['appends behind the last member', [['d', { e: null }]], '{ "a" : 1 ,\n  "b":[2, 3],"c" :"x","d":{"e":null}  }\n'],
    [
      'appends to what was cut bare',
      [
        ['a', undefined],
        ['b', undefined],
        ['c', undefined],
        ['d', 1],
      ],
      '{ "d":1  }\n',
    ],
    [
      'replaces, cuts and appends at once',
      [
        ['c', 2],
        ['d', 'é'],
        ['a', undefined],
      ],
      '{ "b":[2, 3],"c" :2,"d":"é"  }\n',
    ],
  ])('%s', (_, edits, expected) => {
    expect(splice(text, edits)).toBe(expected);
  });

  it('appends to an empty object', () => {
    expect(
      splice(' { } ', [
        ['a', 1],
        ['b', 2],
      ]),
    ).toBe(' {"a":1,"b":2 } ');
  });

  it('replaces and cuts every occurrence of a duplicate key', () => {
    const duplicated = '{"a":1,"b":2,"\\u0061":3}';
    expect(splice(duplicated, [['a', 9]])).toBe('{"a":9,"b":2,"\\u0061":9}');
    expect(splice(duplicated, [['a', undefined]])).toBe('{"b":2}');
  });

  it('finds keys that are written with escapes or in several bytes', () => {
    expect(
      splice('{"mod\\u0065l":1,"schlüssel":2}', [
        ['model', 'm'],
        ['schlüssel', undefined],
      ]),
    ).toBe('{"mod\\u0065l":"m"}');
  });

  it('keeps numbers that parsing would round', () => {
    expect(splice('{"id":12345678901234567890,"x":1.0,"model":"a"}', [['model', 'b']])).toBe(
      '{"id":12345678901234567890,"x":1.0,"model":"b"}',
    );
  });

  it('gives the very same buffer back when nothing changes', () => {
    const bytes = Buffer.from(text);
    const scan = scanObject(bytes, LIMITS);
    expect(spliceObject(bytes, scan, new Map())).toBe(bytes);
    expect(spliceObject(bytes, scan, new Map([['absent', undefined]]))).toBe(bytes);
  });

  it('leaves the given bytes alone', () => {
    const bytes = Buffer.from(text);
    spliceObject(bytes, scanObject(bytes, LIMITS), new Map([['a', 'long enough to move all']]));
    expect(bytes.toString()).toBe(text);
  });
});

describe('splicing any object with any edits', () => {
  const editedKey = fc.oneof(fc.constantFrom('model', 'stream', 'messages', '', '__proto'), fc.string());
  const newValue = fc
    .jsonValue()
    .filter((value) => !JSON.stringify(value).includes('"__proto__":')) as fc.Arbitrary<JsonValue>;
  const edits = fc.array(fc.tuple(editedKey, fc.option(newValue, { nil: undefined, freq: 2 })), { maxLength: 4 });
  /** Edits that hit keys of the object as well as keys it lacks. */
  const cases = fc.tuple(jsonObjectText(), edits, fc.array(fc.nat(), { maxLength: 3 }));

  it('parses to the edited object and keeps the bytes of every untouched member', () => {
    fc.assert(
      fc.property(cases, ([text, added, cuts]) => {
        const bytes = Buffer.from(text);
        const scan = scanObject(bytes, LIMITS);
        const map = new Map<string, JsonValue | undefined>(added.filter(([key]) => key !== '__proto__'));
        for (const cut of cuts) {
          const member = scan.members[cut % (scan.members.length || 1)];
          if (member !== undefined) map.set(member.key, cut % 2 === 0 ? undefined : { cut });
        }

        const result = spliceObject(bytes, scan, map);

        const expected = new Map(Object.entries(JSON.parse(text) as Record<string, unknown>));
        for (const [key, value] of map) {
          if (value === undefined) expected.delete(key);
          else expected.set(key, JSON.parse(JSON.stringify(value)));
        }
        expect(JSON.parse(result.toString())).toEqual(Object.fromEntries(expected));

        const untouched = (from: Buffer, members: typeof scan.members): string[] =>
          members
            .filter(({ key }) => !map.has(key))
            .map(({ start, valueEnd }) => from.toString('hex', start, valueEnd));
        expect(untouched(result, scanObject(result, { maxDepth: 1000 }).members)).toEqual(
          untouched(bytes, scan.members),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps order, white space and commas between members that are only replaced', () => {
    fc.assert(
      fc.property(jsonObjectText(), fc.nat(), (text, place) => {
        const bytes = Buffer.from(text);
        const scan = scanObject(bytes, LIMITS);
        const target = scan.members[place % (scan.members.length || 1)];
        if (target === undefined || scan.duplicates.includes(target.key)) return;

        const expected = Buffer.concat([
          bytes.subarray(0, target.valueStart),
          Buffer.from('"new"'),
          bytes.subarray(target.valueEnd),
        ]);
        expect(spliceObject(bytes, scan, new Map([[target.key, 'new']]))).toEqual(expected);
      }),
    );
  });
});
