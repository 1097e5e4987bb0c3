import fc from 'fast-check';

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
export function jsonObjectText(): fc.Arbitrary<string> {
  return fc.tuple(space, object, space).map((parts) => parts.join(''));
}
