import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { BOTH_DIALECTS, KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';
import { RAW_CORPUS, RAW_PATHS } from './raw-corpus.js';
import { answersIn, exchangeRaw, faultsOf, inParallel } from './raw-exchange.js';
import { mutations, requestForNothing } from './raw-mutations.js';

const RUNS = 400;
const TORN_AT_ONCE = 40;
const CASES_AT_ONCE = 100;
const BODY = JSON.stringify({ model: 'acme/chat', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] });
const head = (more: string, line = 'POST /v1/chat/completions HTTP/1.1'): string =>
  `${line}\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n${more}\r\n`;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(
    `${BOTH_DIALECTS}\ntimeouts: { client_headers_s: 1, client_body_s: 1 }\noverload: { max_strangers_per_address: 350, max_loop_delay_s: 60 }\n`,
  );
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});

it.each(['data', 'operations'] as const)(
  'the %s port refuses whatever is no sound request, on every path, and goes on',
  async (port) => {
    const url = port === 'data' ? rig.url : rig.ops;
    const cases = RAW_PATHS.flatMap((path) => RAW_CORPUS.map((one) => ({ one, path })));
    const faults = await inParallel(cases, CASES_AT_ONCE, async ({ one, path }) => {
      const outcome = await exchangeRaw(url, Buffer.from(one.bytes({ path, key: KEY }), 'latin1'));
      const isAlive = (await fetch(`${url}/healthz`)).status === 200;
      const found = [...faultsOf(one, outcome), ...(isAlive ? [] : ['not alive'])];
      return found.map((fault) => `${path}, ${one.name}: ${fault}`);
    });
    expect(cases.length).toBeGreaterThan(240);
    expect(faults.flat()).toEqual([]);
    expect(rig.simulator.requests).toHaveLength(0);
    expect((await rig.get('/v1/models')).status).toBe(200);
  },
);

it('no torn request is a fault of the gateway, and none reaches an upstream', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const torn = fc.sample(fc.tuple(fc.constantFrom(...RAW_PATHS), mutations), { numRuns: RUNS, seed });
  const bad: string[] = [];
  await inParallel(torn, TORN_AT_ONCE, async ([path, mutate]) => {
    const bytes = Buffer.from(mutate(requestForNothing(path, KEY)), 'latin1');
    const { statuses } = await exchangeRaw(rig.url, bytes, { patienceMs: 150 });
    if (statuses.some((status) => status >= 500)) bad.push(`seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`);
  });
  expect(bad).toEqual([]);
  expect(rig.simulator.requests).toHaveLength(0);
  expect((await rig.post('/v1/chat/completions', BODY)).status).toBe(200);
});

it('requests that come in one go are answered in their order, and run one at a time', async () => {
  const whole = (body: string): string => `${head(`content-length: ${body.length}\r\n`)}${body}`;
  const sent = whole(BODY) + head('', 'GET /v1/nothing HTTP/1.1') + whole(BODY) + head('', 'GET /healthz HTTP/1.1');
  const { statuses } = await exchangeRaw(rig.url, Buffer.from(sent));
  expect(statuses).toEqual([200, 404, 200, 200]);
  const [first, second] = rig.simulator.requests;
  expect(first!.finishedMs).not.toBeNull();
  expect(second!.startedMs).toBeGreaterThanOrEqual(first!.finishedMs!);
});

it('tells a client to go on once its body is wanted, and not before', async () => {
  const expecting = head(`content-length: ${BODY.length}\r\nexpect: 100-continue\r\n`);
  const refused = await exchangeRaw(rig.url, Buffer.from(expecting.replace(KEY, 'sk-wrong')));
  expect(refused.statuses).toEqual([401]);
  expect(refused.text).not.toContain('100 Continue');
  const served = await converse([expecting, BODY]);
  expect(served).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
});

it.each([
  ['a head', `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-slow: `],
  ['a body', head(`content-length: ${BODY.length}\r\n`) + BODY.slice(0, 10)],
  ['nothing at all', ''],
])(
  'a client that takes too long for %s is told so and loses its connection',
  async (_what, bytes) => {
    const { statuses, hasEnded } = await exchangeRaw(rig.url, Buffer.from(bytes), { patienceMs: 15_000 });
    expect(statuses).toEqual([408]);
    expect(hasEnded).toBe(true);
  },
  30_000,
);

it('an address has so many connections that nobody was let in on, and others are served meanwhile', async () => {
  const { port } = new URL(rig.url);
  const known = connect({ host: '127.0.0.1', port: Number(port), localAddress: '127.0.0.2' });
  known.write(head('', 'GET /v1/models HTTP/1.1'));
  await new Promise((resolve) => known.once('data', resolve));
  let ended = 0;
  const strangers = Array.from({ length: 400 }, () => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: '127.0.0.2' });
    socket.on('error', () => undefined);
    return socket.once('close', () => (ended += 1));
  });
  await Promise.all(strangers.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  for (let wait = 0; ended < 50 && wait < 100; wait += 1) await pause(20);
  expect(ended).toBeGreaterThanOrEqual(50);
  known.write(head('', 'GET /v1/models HTTP/1.1'));
  await new Promise((resolve) => known.once('data', resolve));
  expect((await rig.get('/v1/models')).status).toBe(200);
  for (const socket of [known, ...strangers]) socket.destroy();
});

/** Sends each part once something came for the one before it. */
function converse(parts: readonly string[]): Promise<string> {
  const { port } = new URL(rig.url);
  return new Promise((resolve) => {
    let text = '';
    let sent = 1;
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(parts[0] ?? ''));
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (sent < parts.length) socket.write(parts[sent++] ?? '');
      else if (answersIn(text).statuses.length > 0) {
        socket.destroy();
        resolve(text);
      }
    });
  });
}
