import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientSink, Outcome } from '@switchyard/dispatch';
import { Metrics } from '@switchyard/telemetry';
import { startRedis } from '../../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../../test/testing/redis.js';
import { loadConfig } from '../../config/load-config.js';
import { RuntimeState, loadedFrom } from '../../control/runtime-state.js';
import type { ProcessLog } from '../../process/process-log.js';
import type { ProcessServices } from '../../process/process-services.js';
import { AnswerTape, TapeRoom } from './answer-tape.js';
import { Idempotency } from './idempotency.js';
import type { Claimed, KeyedRequest } from './idempotency.js';
import type { KeptAnswer } from './sealed-answer.js';

const SECRET = 'sk-switchyard-test-0123456789';
const loaded = (extra: string) =>
  loadedFrom(
    loadConfig({
      path: null,
      text: `catalog: { builtin: false }\nkeys: [{ id: a, key: ${SECRET} }]\n${extra}`,
      environment: {},
      secrets: 'throwaway',
    }).config,
  );
const log = { logger: { warn: () => undefined } } as unknown as ProcessLog;

/** What was sent to the client. */
class SinkLog implements ClientSink {
  readonly sent: string[] = [];
  send = (_status: number, _headers: object, body: Buffer | string): void => void this.sent.push(body.toString());
  start = (): void => undefined;
  write = (text: string): boolean => this.sent.push(text) > 0;
  end = (text: string): void => void this.sent.push(text);
  onceDrained = (): void => undefined;
  destroy = (): void => undefined;
}

class Rig {
  readonly metrics = new Metrics();
  readonly state: RuntimeState;
  readonly idempotency: Idempotency;
  private owners = 0;

  constructor(extra: string) {
    this.state = new RuntimeState(loaded(extra));
    this.idempotency = new Idempotency(this.state, log, { metrics: this.metrics } as unknown as ProcessServices);
  }

  claim(response = new EventEmitter(), key = 'order-1', secret = SECRET): Promise<Claimed> {
    this.owners += 1;
    const headers = { authorization: `Bearer ${secret}`, 'idempotency-key': key };
    const { current } = this.state;
    const keyed: KeyedRequest = {
      request: { headers, rawHeaders: [] } as unknown as IncomingMessage,
      response: response as unknown as ServerResponse,
      owner: String(this.owners).padStart(32, '0'),
      protocol: 'chat',
      loaded: current,
      caller: current.keyRing.callerOf('a')!,
      body: Buffer.from('{}'),
    };
    return this.idempotency.claim(keyed);
  }

  /** Runs a claimed request to its end, and answers what the client got. */
  async complete(claimed: Claimed, text: string): Promise<readonly string[]> {
    if (!('claim' in claimed)) throw new Error('it was answered before');
    const sink = new SinkLog();
    const tape = claimed.claim.copying(sink, { 'x-generation-id': 'gen_1' }, true);
    claimed.claim.settled({ status: 'completed' } as Outcome);
    tape.send(200, {}, text);
    await until(async () => sink.sent.length > 0);
    return sink.sent;
  }
}

describe('requests with an Idempotency-Key', () => {
  it('are refused where several workers serve and nothing is shared between them', async () => {
    const rig = new Rig('server: { workers: 2 }');
    await expect(rig.claim()).rejects.toMatchObject({ code: 'not_supported' });
    await rig.idempotency.onApplicationShutdown();
  });

  it('are free again when their response closes before they ended, and not once they were answered', async () => {
    const rig = new Rig('server: { workers: 0 }');
    const response = new EventEmitter();
    await rig.claim(response);
    await expect(rig.claim()).rejects.toMatchObject({ code: 'conflict' });
    response.emit('close');
    const second = new EventEmitter();
    expect(await rig.complete(await rig.claim(second), 'the answer')).toEqual(['the answer']);
    second.emit('close');
    expect(await rig.claim()).toMatchObject({
      replay: { body: 'the answer', headers: { 'x-generation-id': 'gen_1' } },
    });
    await rig.idempotency.onApplicationShutdown();
  });

  it('cannot be read with the secret that took the place of theirs', async () => {
    const rig = new Rig('server: { workers: 0 }');
    await rig.complete(await rig.claim(), 'the answer');
    const rotated = rig.claim(new EventEmitter(), 'order-1', 'sk-switchyard-rotated-0123456789');
    await expect(rotated).rejects.toMatchObject({ code: 'conflict', details: { shouldRetry: false } });
    await rig.idempotency.onApplicationShutdown();
  });

  describe('over Redis', () => {
    let redis: TestRedis;
    beforeEach(async () => {
      redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
    });
    afterEach(() => redis.stop());

    it('give their answer to the client though Redis went away, and keep it when it is back', async () => {
      const rig = new Rig(`server: { workers: 0 }\nredis: { url: "${redis.url}" }`);
      await until(async () => (await rig.claim(new EventEmitter(), 'warm').catch(() => null)) !== null);
      const claimed = await rig.claim();
      redis.signal('SIGKILL');
      expect(await rig.complete(claimed, 'the answer')).toEqual(['the answer']);
      await redis.restart();
      const again = await until(() => rig.claim().catch(() => null));
      expect(again).toMatchObject({ replay: { body: 'the answer' } });
      await rig.idempotency.onApplicationShutdown();
    }, 60_000);
  });
});

describe('the copy of an answer', () => {
  const endOf = (bytes: number, room: TapeRoom, texts: readonly string[]): KeptAnswer | null => {
    let kept: KeptAnswer | null = null;
    const tape = new AnswerTape(
      new SinkLog(),
      { 'x-generation-id': 'gen_1', 'x-ratelimit-limit': '5' },
      { bytes, room },
      (answer) => {
        kept = answer;
      },
    );
    tape.start({ 'x-switchyard-model': 'm' });
    for (const text of texts) tape.write(text);
    tape.end('!');
    return kept;
  };

  it('is whole, with the headers that belong to it, or there is none', () => {
    const room = new TapeRoom(100);
    expect(endOf(10, room, ['ab', 'ü'])).toEqual({
      streamed: true,
      headers: { 'x-generation-id': 'gen_1', 'x-switchyard-model': 'm' },
      body: 'abü!',
    });
    expect(endOf(4, room, ['ab', 'ü'])).toBeNull();
    expect(endOf(0, room, [])).toBeNull();
  });

  it('takes its room from all others under way, and gives it back', () => {
    const room = new TapeRoom(10);
    expect(endOf(100, room, ['0123456789'])).toBeNull();
    for (let count = 0; count < 20; count += 1) expect(endOf(100, room, ['012345678'])).not.toBeNull();
    expect(room.take(10)).toBe(true);
  });
});

/** What `ask` answers once it is something true. */
async function until<T>(ask: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > endMs) throw new Error('it never became true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
