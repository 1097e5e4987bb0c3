import { GatewayError, type JsonValue, parseJson } from '@switchyard/contract';
import fc from 'fast-check';
import { decodeBody } from './decode-body.js';
import { locateFault } from './locate-fault.js';
import { scanObject } from './scan-object.js';
import { spliceObject } from './splice-object.js';

const LIMITS = { maxDepth: 64 };

// The measure is parseJson, not JSON.parse: these texts hold keys that Node's own misreads (nodejs/node#63785).

const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n', '  ');
const anyString = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1 }),
    fc.constantFrom('"', '\\', '{', ']', ',', ':', 'é', '😀', '\u2028'),
  ),
});

/** The same string in JSON, each character plain or escaped as the bits of `choice` say. */
function stringText(value: string, choice: number): string {
  const parts = Array.from(value, (character, index) => {
    const escape = (choice >> (index % 31)) & 1;
    const plain = JSON.stringify(character).slice(1, -1);
    return escape === 0 ? plain : escaped(character);
  });
  return `"${parts.join('')}"`;
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => {
    const hex = character.charCodeAt(unit).toString(16).padStart(4, '0');
    return `\\u${unit % 2 === 0 ? hex : hex.toUpperCase()}`;
  }).join('');
}

const string = fc.tuple(anyString, fc.nat()).map(([value, choice]) => stringText(value, choice));
const key = fc
  .tuple(fc.oneof(anyString, fc.constantFrom('model', 'stream', 'messages')), fc.nat())
  .filter(([name]) => name !== '__proto__' && name !== 'constructor')
  .map(([name, choice]) => stringText(name, choice));
const scalar = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '0', '-0', '1e400', '12345678901234567890', '-1.5E+3'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  string,
);

const { object } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, list('[', tie('value'), ']'), tie('object')),
  object: list('{', member(tie('value')), '}'),
}));

function member(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(key, space, space, value).map(([name, before, after, text]) => `${name}${before}:${after}${text}`);
}

function list(open: string, item: fc.Arbitrary<string>, close: string): fc.Arbitrary<string> {
  const padded = fc.tuple(space, item, space).map((parts) => parts.join(''));
  return fc
    .tuple(fc.array(padded, { maxLength: 5 }), space)
    .map(([items, blank]) => `${open}${items.join() || blank}${close}`);
}

/** JSON objects as no serialiser would write them: odd white space, needless escapes, duplicate and non-ASCII keys. */
function jsonObjectText(): fc.Arbitrary<string> {
  return fc.tuple(space, object, space).map((parts) => parts.join(''));
}

describe('scanning any object', () => {
  it('gives spans that agree with JSON.parse for any object, in any white space and with any escapes', () => {
    fc.assert(
      fc.property(jsonObjectText(), (text) => {
        const bytes = Buffer.from(text);
        const { members, duplicates } = scanObject(bytes, LIMITS);
        const rebuilt = Object.fromEntries(
          members.map(({ key, valueStart, valueEnd }) => [
            key,
            parseJson(bytes.toString('utf8', valueStart, valueEnd)),
          ]),
        );

        expect(rebuilt).toEqual(parseJson(text));
        for (const { key, start, valueStart } of members) {
          expect(parseJson(`{${bytes.toString('utf8', start, valueStart)}0}`)).toEqual({ [key]: 0 });
        }
        const keys = members.map((member) => member.key);
        expect(new Set(duplicates)).toEqual(new Set(keys.filter((key, index) => keys.indexOf(key) !== index)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('splicing any object with any edits', () => {
  const editedKey = fc
    .oneof(fc.constantFrom('model', 'stream', 'messages', '', '__proto'), fc.string())
    .filter((key) => key !== '__proto__' && key !== 'constructor');
  const newValue = fc
    .jsonValue()
    .filter((value) => !/"(__proto__|constructor)":/.test(JSON.stringify(value))) as fc.Arbitrary<JsonValue>;
  const edits = fc.array(fc.tuple(editedKey, fc.option(newValue, { nil: undefined, freq: 2 })), { maxLength: 4 });
  /** Edits that hit keys of the object as well as keys it lacks. */
  const cases = fc.tuple(jsonObjectText(), edits, fc.array(fc.nat(), { maxLength: 3 }));

  it('parses to the edited object and keeps the bytes of every untouched member', () => {
    fc.assert(
      fc.property(cases, ([text, added, cuts]) => {
        const bytes = Buffer.from(text);
        const scan = scanObject(bytes, LIMITS);
        const map = new Map<string, JsonValue | undefined>(added);
        for (const cut of cuts) {
          const member = scan.members[cut % (scan.members.length || 1)];
          if (member !== undefined) map.set(member.key, cut % 2 === 0 ? undefined : { cut });
        }

        const result = spliceObject(bytes, scan, map);

        const expected = new Map(Object.entries(parseJson(text) as Record<string, unknown>));
        for (const [key, value] of map) {
          if (value === undefined) expected.delete(key);
          else expected.set(key, parseJson(JSON.stringify(value)));
        }
        expect(parseJson(result.toString())).toEqual(Object.fromEntries(expected));

        const untouched = (from: Buffer, members: typeof scan.members): string[] =>
          members
            .filter(({ key }) => !map.has(key))
            .map(({ start, valueEnd }) => from.toString('hex', start, valueEnd));
        expect(untouched(result, scanObject(result, { maxDepth: 1000 }).members)).toEqual(
          untouched(bytes, scan.members),
        );
      }),
      { numRuns: 400 },
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

describe('scanning arbitrary bytes', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', ' ', '1', 'a', 'true', '\n', 'é', '__proto__'), {
        maxLength: 40,
      })
      .map((parts) => Buffer.from(`{${parts.join('')}}`)),
    fc.tuple(jsonObjectText(), fc.nat(), fc.nat(255)).map(([text, place, byte]) => {
      const bytes = Buffer.from(text);
      bytes[place % bytes.length] = byte;
      return bytes;
    }),
  );

  it('never throws anything but a GatewayError, and what scan and parse both accept has exact spans', () => {
    fc.assert(
      fc.property(noise, (bytes) => {
        let members;
        let parsed: unknown;
        try {
          members = scanObject(bytes, LIMITS).members;
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
          return;
        }
        try {
          parsed = parseJson(bytes.toString());
        } catch {
          return;
        }
        const entries = members.map(({ key, valueStart, valueEnd }) => [
          key,
          parseJson(bytes.toString('utf8', valueStart, valueEnd)),
        ]);
        expect(Object.fromEntries(entries)).toEqual(parsed);
      }),
      { numRuns: 1500 },
    );
  });
});

describe('decoding a damaged text', () => {
  it('accepts exactly the objects that JSON.parse accepts', () => {
    const mutated = fc
      .tuple(jsonObjectText(), fc.nat(), fc.integer({ min: 32, max: 126 }))
      .map(([text, place, code]) => {
        const at = place % text.length;
        return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
      });
    fc.assert(
      fc.property(mutated, (text) => {
        fc.pre(!/__proto__|constructor/.test(text));
        const bytes = Buffer.from(text);
        let parsed: unknown;
        try {
          parsed = parseJson(bytes.toString());
        } catch {
          expect(() => decodeBody(bytes, LIMITS)).toThrow(GatewayError);
          return;
        }
        if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
          expect(decodeBody(bytes, LIMITS).json).toEqual(parsed);
        } else expect(() => decodeBody(bytes, LIMITS)).toThrow(GatewayError);
      }),
      { numRuns: 800 },
    );
  });

  it('names an offset up to which the text could still have become JSON', () => {
    fc.assert(
      fc.property(jsonObjectText(), fc.nat(), (text, place) => {
        const bytes = Buffer.from(text.trimEnd());
        const cut = place % bytes.length;
        expect(locateFault(bytes.subarray(0, cut))?.offset).toBe(cut);
      }),
    );
  });
});
