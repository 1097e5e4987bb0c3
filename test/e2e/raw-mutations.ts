import fc from 'fast-check';

/** What tears requests apart, or puts two of them together. */
const WORDS = [
  ...['\r\n', '\n', '\r', '\0', ' ', '\t', ':', '\x80', '\xff', '\r\n\r\n', '%00', '0\r\n\r\n'],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 0\r\n',
    'HTTP/1.1',
    'Connection: close\r\n',
    'Expect: 100-continue\r\n',
  ],
  ...['Upgrade: h2c\r\n', 'Host: x\r\n', 'Content-Encoding: gzip\r\n', '{', '"', '__proto__', '1e400', '\\u0000'],
];

type Mutation = (text: string) => string;

const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const place = (share: number, text: string): number => Math.floor(share * text.length);

const insertion = fc.tuple(at, fc.constantFrom(...WORDS)).map(
  ([share, word]): Mutation =>
    (text) =>
      text.slice(0, place(share, text)) + word + text.slice(place(share, text)),
);
const replacement = fc.tuple(at, fc.nat(255)).map(
  ([share, byte]): Mutation =>
    (text) =>
      text.slice(0, place(share, text)) + String.fromCharCode(byte) + text.slice(place(share, text) + 1),
);
const deletion = fc.tuple(at, fc.integer({ min: 1, max: 40 })).map(
  ([share, length]): Mutation =>
    (text) =>
      text.slice(0, place(share, text)) + text.slice(place(share, text) + length),
);
const repetition = fc.tuple(at, fc.integer({ min: 1, max: 200 })).map(([share, length]): Mutation => (text) => {
  const start = place(share, text);
  return text.slice(0, start + length) + text.slice(start, start + length) + text.slice(start + length);
});
const end = at.map(
  (share): Mutation =>
    (text) =>
      text.slice(0, place(share, text)),
);

/** One to four things done to the bytes of a request; Latin-1. */
export const mutations = fc
  .array(fc.oneof(insertion, replacement, deletion, repetition, end), { minLength: 1, maxLength: 4 })
  .map(
    (all): Mutation =>
      (text) =>
        all.reduce((torn, mutate) => mutate(torn), text),
  );

/** A request whose every mutation leads to no upstream: its model is none, and no mutation spells one. */
export function requestForNothing(path: string, key: string): string {
  const body = '{"model":"no/such-model","max_tokens":5,"messages":[{"role":"user","content":"Hi"}],"stream":true}';
  return (
    `POST ${path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`
  );
}
