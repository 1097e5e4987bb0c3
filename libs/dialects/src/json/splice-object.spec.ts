import type { JsonValue } from '@switchyard/contract';
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
