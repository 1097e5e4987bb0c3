/**
 * Requests that a client of this service never sends, as bytes. Each is refused with a status from 400 to 499 or with the
 * end of its connection, on every path alike, and nothing of it may reach an upstream.
 */
export interface RawCase {
  readonly name: string;
  /** Latin-1: one character a byte. */
  readonly bytes: (target: RawTarget) => string;
  /** Statuses that may be answered; empty = the connection just ends. */
  readonly statuses: readonly number[];
  /** The connection ends without any answer, too. */
  readonly mayEnd: boolean;
  /** Answers there may be at most. */
  readonly answersMax: number;
}

export interface RawTarget {
  readonly path: string;
  readonly key: string;
}

export const RAW_PATHS = ['/v1/messages', '/v1/chat/completions', '/v1/nothing'] as const;

const BODY = '{"model":"acme/chat","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}';
const TYPE = 'content-type: application/json\r\n';
const LENGTH = `content-length: ${BODY.length}\r\n`;
const CHUNKED = 'transfer-encoding: chunked\r\n';
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
/** A path that nothing serves is said to be none before anything else of the request is looked at. */
const ANY_REFUSAL = [400, 401, 404, 405, 408, 411, 413, 414, 415, 417, 431];

/** The request line and the headers that let a request in, then more of both. */
const head = ({ path, key }: RawTarget, more: string, line = `POST ${path} HTTP/1.1`): string =>
  `${line}\r\nhost: gateway\r\nauthorization: Bearer ${key}\r\n${more}\r\n`;
/** A sound request but for one more header. */
const withHeader =
  (header: string) =>
  (target: RawTarget): string =>
    head(target, `${TYPE}${LENGTH}${header}\r\n`) + BODY;
/** A sound request but for its first line. */
const withLine =
  (line: (path: string) => string) =>
  (target: RawTarget): string =>
    head(target, `${TYPE}${LENGTH}`, line(target.path)) + BODY;
/** A sound request but for how its body is framed. */
const framed =
  (headers: string, body: string) =>
  (target: RawTarget): string =>
    head(target, `${TYPE}${headers}`) + body;
/** A sound request but for what its body says. */
const saying =
  (body: string) =>
  (target: RawTarget): string =>
    head(target, `${TYPE}content-length: ${body.length}\r\n`) + body;

const refused = (name: string, bytes: RawCase['bytes'], statuses: readonly number[] = [400]): RawCase => ({
  ...{ name, bytes, statuses, mayEnd: false, answersMax: 1 },
});
/** What a path that nothing serves refuses as well, though as one. */
const refusedBody = (name: string, bytes: RawCase['bytes'], statuses: readonly number[]): RawCase => ({
  ...{ name, bytes, statuses: [...statuses, 404], mayEnd: false, answersMax: 1 },
});
const ended = (name: string, bytes: RawCase['bytes']): RawCase => ({
  ...{ name, bytes, statuses: ANY_REFUSAL, mayEnd: true, answersMax: 1 },
});

const FRAMING: readonly RawCase[] = [
  refused('length and chunks', framed(`${LENGTH}${CHUNKED}`, CHUNKS)),
  refused('chunks and length', framed(`${CHUNKED}${LENGTH}`, CHUNKS)),
  refused('two different lengths', framed(`${LENGTH}content-length: 5\r\n`, BODY)),
  refused('the same length twice', framed(`${LENGTH}${LENGTH}`, BODY)),
  refused('a list of lengths', framed(`content-length: ${BODY.length}, ${BODY.length}\r\n`, BODY)),
  refused('a length with a sign', framed(`content-length: +${BODY.length}\r\n`, BODY)),
  refused('a negative length', framed('content-length: -1\r\n', BODY)),
  refused('a hexadecimal length', framed('content-length: 0x52\r\n', BODY)),
  refused('a length with a point', framed('content-length: 82.0\r\n', BODY)),
  refused('a length in words', framed('content-length: all\r\n', BODY)),
  refused('an empty length', framed('content-length:\r\n', BODY)),
  refused('a length beyond 64 bits', framed('content-length: 99999999999999999999999\r\n', BODY)),
  refused('two transfer codings', framed(`${CHUNKED}${CHUNKED}`, CHUNKS)),
  refused('an unknown transfer coding', framed('transfer-encoding: xchunked\r\n', CHUNKS)),
  refused('the coding identity', framed('transfer-encoding: identity\r\n', BODY)),
  refused('identity and chunked', framed('transfer-encoding: identity, chunked\r\n', CHUNKS)),
  refused('gzip and chunked', framed('transfer-encoding: gzip, chunked\r\n', CHUNKS)),
  refused('chunked and something after it', framed('transfer-encoding: chunked, gzip\r\n', CHUNKS)),
  refused('chunked in quotes', framed('transfer-encoding: "chunked"\r\n', CHUNKS)),
  refused('chunked after a vertical tab', framed('transfer-encoding: \x0bchunked\r\n', CHUNKS)),
  refused('an empty transfer coding', framed('transfer-encoding:\r\n', CHUNKS)),
  refused('chunks in HTTP/1.0', (target) => head(target, `${TYPE}${CHUNKED}`, `POST ${target.path} HTTP/1.0`) + CHUNKS),
  ended('a chunk size that is no number', framed(CHUNKED, `zz\r\n${BODY}\r\n0\r\n\r\n`)),
  ended('a chunk size with a prefix', framed(CHUNKED, `0x52\r\n${BODY}\r\n0\r\n\r\n`)),
  ended('a negative chunk size', framed(CHUNKED, `-52\r\n${BODY}\r\n0\r\n\r\n`)),
  ended('a chunk size beyond 64 bits', framed(CHUNKED, `ffffffffffffffffff\r\n${BODY}`)),
  ended('a chunk longer than its size', framed(CHUNKED, `3\r\n${BODY}\r\n0\r\n\r\n`)),
  ended('a chunk size that ends in a bare line feed', framed(CHUNKED, `52\n${BODY}\r\n0\r\n\r\n`)),
  ended('a space before a chunk size', framed(CHUNKED, ` 52\r\n${BODY}\r\n0\r\n\r\n`)),
  ended('huge chunk extensions', framed(CHUNKED, `52;${'x=y;'.repeat(10_000)}\r\n${BODY}\r\n0\r\n\r\n`)),
  ended('trailers without end', framed(CHUNKED, `52\r\n${BODY}\r\n0\r\n${'x-trailer: y\r\n'.repeat(5_000)}\r\n`)),
  ended('a bare line feed after a chunk', framed(CHUNKED, `52\r\n${BODY}\n0\r\n\r\n`)),
];

const LINES: readonly RawCase[] = [
  refused(
    'no version',
    withLine((path) => `POST ${path}`),
  ),
  refused(
    'HTTP/0.9',
    withLine((path) => `POST ${path} HTTP/0.9`),
  ),
  refused(
    'HTTP/2.0',
    withLine((path) => `POST ${path} HTTP/2.0`),
  ),
  refused(
    'HTTP/1.2',
    withLine((path) => `POST ${path} HTTP/1.2`),
  ),
  refused(
    'HTTP/9.9',
    withLine((path) => `POST ${path} HTTP/9.9`),
  ),
  refused(
    'a version in small letters',
    withLine((path) => `POST ${path} http/1.1`),
  ),
  refused('the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  refused(
    'an absolute target',
    withLine((path) => `POST http://gateway${path} HTTP/1.1`),
  ),
  refused(
    'an absolute target elsewhere',
    withLine(() => 'POST http://169.254.169.254/latest HTTP/1.1'),
  ),
  refused(
    'a target without a slash',
    withLine((path) => `POST ${path.slice(1)} HTTP/1.1`),
  ),
  refused(
    'a target with a space',
    withLine((path) => `POST ${path} x HTTP/1.1`),
  ),
  refused(
    'a target with a tab',
    withLine((path) => `POST ${path}\tx HTTP/1.1`),
  ),
  refused(
    'a target with a NUL',
    withLine((path) => `POST ${path}\0 HTTP/1.1`),
  ),
  refused(
    'a target beyond ASCII',
    withLine((path) => `POST ${path}\xe9 HTTP/1.1`),
  ),
  refused(
    'a target with a fragment',
    withLine((path) => `POST ${path}#x HTTP/1.1`),
  ),
  refused(
    'a target that is a star',
    withLine(() => 'OPTIONS * HTTP/1.1'),
  ),
  refused(
    'a target of 20 KB',
    withLine((path) => `POST ${path}?${'a'.repeat(20_000)} HTTP/1.1`),
    [414, 431],
  ),
  refused(
    'no target',
    withLine(() => 'POST HTTP/1.1'),
  ),
  refused(
    'an unknown method',
    withLine((path) => `BREW ${path} HTTP/1.1`),
  ),
  refused(
    'a method in small letters',
    withLine((path) => `post ${path} HTTP/1.1`),
  ),
  refused(
    'a method that is no word',
    withLine((path) => `P@ST ${path} HTTP/1.1`),
  ),
  refused('TRACE', (target) => head(target, '', `TRACE ${target.path} HTTP/1.1`), [405]),
  refused('CONNECT', () => 'CONNECT upstream:443 HTTP/1.1\r\nhost: upstream:443\r\n\r\n', [405]),
  refused('a line that never ends', () => 'A'.repeat(20_000), [400, 431]),
  refused('text', () => 'Hello, is anybody there?\r\n\r\n'),
  refused('the hello of TLS', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refused('NULs', () => '\0'.repeat(64)),
  refused('the greeting of Redis', () => '*1\r\n$4\r\nPING\r\n'),
  refused('a header before the line', (target) => `host: x\r\n${head(target, `${TYPE}${LENGTH}`)}${BODY}`),
];

const HEADERS: readonly RawCase[] = [
  refused('two keys', withHeader('authorization: Bearer other')),
  refused(
    'two x-api-key',
    (target) => head(target, `x-api-key: ${target.key}\r\nx-api-key: other\r\n${TYPE}${LENGTH}`) + BODY,
  ),
  refused('two hosts', withHeader('Host: elsewhere')),
  refused(
    'no host',
    ({ path, key }) => `POST ${path} HTTP/1.1\r\nauthorization: Bearer ${key}\r\n${TYPE}${LENGTH}\r\n${BODY}`,
  ),
  refused('two content types', withHeader('content-type: text/plain')),
  refused('two idempotency keys', withHeader('idempotency-key: a\r\nidempotency-key: b')),
  refused('a space before the colon', withHeader('x-header : y')),
  refused('a space before the colon of the length', framed(`content-length : ${BODY.length}\r\n`, BODY)),
  refused('a tab before the colon of the coding', framed('transfer-encoding\t: chunked\r\n', CHUNKS)),
  refused('a header without a colon', withHeader('x-header')),
  refused('a header without a name', withHeader(': y')),
  refused('a name with a space', withHeader('x header: y')),
  refused('a name with a control character', withHeader('x\x01header: y')),
  refused('a name beyond ASCII', withHeader('x-h\xe9ader: y')),
  refused('a value with a NUL', withHeader('x-header: a\0b')),
  refused('a value with a control character', withHeader('x-header: a\x01b')),
  refused('a value with a bare carriage return', withHeader('x-header: a\rb')),
  refused('a folded value', withHeader('x-header: a\r\n folded')),
  refused('a folded coding', framed('transfer-encoding:\r\n chunked\r\n', CHUNKS)),
  refused('a folded first header', ({ path }) => `POST ${path} HTTP/1.1\r\n host: x\r\n\r\n`),
  refused(
    'lines that end in bare line feeds',
    ({ path, key }) => `POST ${path} HTTP/1.1\nhost: x\nauthorization: Bearer ${key}\ncontent-length: 0\n\n`,
  ),
  refused('one line that ends in a bare line feed', withHeader('x-header: y\nx-smuggled: z')),
  refused('101 headers', withHeader(Array.from({ length: 101 }, (_, n) => `x-${n}: y`).join('\r\n')), [431]),
  refused('2,500 headers', withHeader('x: y\r\n'.repeat(2_500).trimEnd()), [431]),
  refused('20 KB of headers', withHeader(`x-header: ${'y'.repeat(20_000)}`), [431]),
  refused('an upgrade to WebSocket', withHeader('connection: upgrade\r\nupgrade: websocket')),
  refused(
    'an upgrade to HTTP/2',
    withHeader('connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA'),
  ),
  refused('an expectation that nobody meets', withHeader('expect: miracles'), [417]),
];

const BODIES: readonly RawCase[] = [
  refusedBody('no content type', (target) => head(target, LENGTH) + BODY, [415]),
  refusedBody('text', (target) => head(target, `content-type: text/plain\r\n${LENGTH}`) + BODY, [415]),
  refusedBody(
    'JSON by another name',
    (target) => head(target, `content-type: application/jsonx\r\n${LENGTH}`) + BODY,
    [415],
  ),
  refusedBody('an unknown content coding', withHeader('content-encoding: lzma'), [415]),
  refusedBody('two content codings', withHeader('content-encoding: gzip, gzip'), [415]),
  refusedBody('gzip that is none', withHeader('content-encoding: gzip'), [400]),
  refusedBody('a terabyte announced', framed('content-length: 1099511627776\r\n', BODY), [413]),
  refusedBody('no body', framed('', ''), [400]),
  refusedBody('half of a text', saying(BODY.slice(0, 40)), [400]),
  refusedBody('a list', saying('[]'), [400]),
  refusedBody('two texts', saying(`${BODY}${BODY}`), [400]),
  refusedBody('bytes that are no UTF-8', saying(BODY.replace('Hi', '\xff\xfe')), [400]),
  refusedBody('a nest of 10,000', saying(`{"a":${'['.repeat(10_000)}`), [400]),
  refusedBody('a prototype deep inside', saying(BODY.replace('"Hi"', '[{"__proto__":{"x":1}}]')), [400]),
  refusedBody('a limit sent twice', saying(BODY.replace('"max_tokens":5', '"max_tokens":5,"max_tokens":9')), [400]),
  refusedBody('a base URL', saying(BODY.replace('{', '{"api_base":"http://127.0.0.1:1",')), [400]),
];

const ORDER: readonly RawCase[] = [
  ended('half a head', ({ path }) => `POST ${path} HTTP/1.1\r\nhost: gate`),
  ended('half a body', (target) => head(target, `${TYPE}${LENGTH}`) + BODY.slice(0, 10)),
  {
    name: 'a request smuggled behind a length of zero',
    bytes: (target) =>
      `${head(target, `${TYPE}content-length: 0\r\n${CHUNKED}`)}${head(target, `${TYPE}${LENGTH}`)}${BODY}`,
    ...{ statuses: [400], mayEnd: false, answersMax: 1 },
  },
  {
    name: 'a request after the last one of its connection',
    bytes: (target) =>
      `${head(target, 'connection: close\r\n', 'GET /v1/nothing HTTP/1.1')}${head(target, `${TYPE}${LENGTH}`)}${BODY}`,
    ...{ statuses: [404], mayEnd: false, answersMax: 1 },
  },
  {
    name: 'a request behind one that is refused',
    bytes: (target) =>
      `${head(target, 'upgrade: x\r\n', 'GET /healthz HTTP/1.1')}${head(target, `${TYPE}${LENGTH}`)}${BODY}`,
    ...{ statuses: [400], mayEnd: false, answersMax: 1 },
  },
  {
    name: 'garbage behind a request',
    bytes: (target) => `${head(target, '', 'GET /v1/nothing HTTP/1.1')}\x01\x02\x03 garbage\r\n\r\n`,
    ...{ statuses: [400, 404], mayEnd: true, answersMax: 2 },
  },
  {
    name: '300 requests in one go',
    bytes: (target) => head(target, '', 'GET /v1/nothing HTTP/1.1').repeat(300),
    ...{ statuses: [404], mayEnd: true, answersMax: 300 },
  },
];

export const RAW_CORPUS: readonly RawCase[] = [...FRAMING, ...LINES, ...HEADERS, ...BODIES, ...ORDER];
