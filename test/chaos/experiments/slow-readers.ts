import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@switchyard/contract';
import { sampleTree } from '../../bench/process-tree.js';
import { Books } from '../books.js';
import { Deployment, MODELS, PROVIDER_SECRET } from '../deployment.js';
import type { Reply } from '../client.js';
import type { ExperimentOptions } from '../experiment.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { compareLatency } from './healthy-latency.js';

const SECRET = 'sk-readers-0123456789';
const SLOW_SECRET = 'sk-slow-readers-0123456789';
const ENDLESS = 'acme/endless';
const PER_SECOND = 40;
const BYTES_PER_MIB = 1024 * 1024;
const GROWTH_MAX_MIB = 150;
/** After the time that a client has to read: to notice, and to write down. */
const NOTICED_MS = 5_000;
const OPENED_AT_ONCE = 25;
/** Of one processor. */
const CALM_SHARE = 0.4;
const CALM_WINDOW_MS = 500;
const FILLED_MAX_MS = 60_000;

/** Clients ask for streams without end and read nothing of them. */
export async function slowReaders({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const readers = isQuick ? 60 : 500;
  const stallS = isQuick ? 8 : 40;
  const verdict = new Verdict('slow readers');
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: null, postgres: false },
    config: (upstreamUrl) => ({
      keys: [
        { id: 'healthy', key: SECRET },
        { id: 'slow', key: SLOW_SECRET },
      ],
      timeouts: { client_stall_s: stallS },
      log: { level: 'warn' },
      // Not to refuse anybody is the point: all of them are to be borne.
      overload: { max_strangers_per_address: 10_000, max_loop_delay_s: 30 },
      providers: [
        {
          ...{ id: 'host', dialect: 'openai-chat', base_url: `${upstreamUrl}/host/v1` },
          credentials: [{ id: 'main', api_key: PROVIDER_SECRET }],
        },
      ],
      models: [model(MODELS.quick, 'mock/ok'), model(ENDLESS, 'mock/infinite')],
    }),
  });
  const sockets: Socket[] = [];
  try {
    const { gateway } = deployment;
    const traffic = new SteadyTraffic(PER_SECOND, (number) => ({
      ...{ url: gateway.url, secret: SECRET, tag: `healthy-${number}`, model: MODELS.quick },
    }));
    await pause(isQuick ? 3_000 : 10_000);
    const before = residentMib(gateway.pid);
    const beforeMs = Date.now();
    for (let opened = 0; opened < readers; opened += OPENED_AT_ONCE) {
      for (let count = 0; count < Math.min(OPENED_AT_ONCE, readers - opened); count += 1)
        sockets.push(stalled(gateway.url));
      await pause(50);
    }
    const filledMs = await untilCalm(gateway.pid);
    verdict.figure('buffers_filled_after_ms', rounded(filledMs));
    const startMs = Date.now();
    let most = residentMib(gateway.pid);
    const books = Books.of(deployment);
    const rows = async (): Promise<number> => (await books.rows()).filter(({ keyId }) => keyId === 'slow').length;
    await until(
      'all are cut and written down',
      async () => {
        most = Math.max(most, residentMib(gateway.pid));
        return (await rows()) >= readers;
      },
      (stallS + 40) * 1_000,
    ).catch(() => undefined);
    const cutMs = Date.now() - startMs;
    const replies = await traffic.stop();
    const isFilling = ({ startedMs }: Reply): boolean => startedMs > beforeMs && startedMs < startMs;
    verdict.figure(
      'not_served_while_buffers_filled',
      replies.filter((reply) => isFilling(reply) && reply.status !== 200).length,
    );
    compareLatency(
      verdict,
      replies.filter((reply) => !isFilling(reply)),
      startMs,
    );
    verdict.figure('readers', readers);
    verdict.same('rows', await rows(), readers);
    await books.close();
    verdict.figure('cut_and_written_after_ms', cutMs);
    verdict.expect('they were cut too late', cutMs <= stallS * 1_000 + NOTICED_MS);
    verdict.figure('resident_growth_mib', rounded(most - before));
    verdict.expect('memory grew', most - before <= GROWTH_MAX_MIB);
  } finally {
    for (const socket of sockets) socket.destroy();
    await deployment.remove();
  }
  return [verdict];
}

function model(id: string, upstreamModel: string): JsonObject {
  const price = { prompt: 0, completion: 0 };
  // So much that nothing but the reader ends the stream.
  const limits = { context_length: 1_000_000_000, max_output_tokens: 900_000_000 };
  return { id, ...limits, endpoints: [{ provider: 'host', upstream_model: upstreamModel, price }] };
}

/** Asks for a stream without end, and reads nothing. */
function stalled(url: string): Socket {
  const body = JSON.stringify({ model: ENDLESS, stream: true, messages: [{ role: 'user', content: 'Go on.' }] });
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${SLOW_SECRET}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

/** Until what lies between upstream and readers is full: filling it is work like that of any stream, holding it must be none. */
function untilCalm(pid: number): Promise<number> {
  let last = Infinity;
  return until(
    'the gateway has nothing to do for those who do not read',
    async () => {
      const earlier = sampleTree(pid)?.cpuSeconds ?? 0;
      await pause(CALM_WINDOW_MS);
      const share = ((sampleTree(pid)?.cpuSeconds ?? 0) - earlier) / (CALM_WINDOW_MS / 1_000);
      const isCalm = Math.max(share, last) < CALM_SHARE;
      last = share;
      return isCalm;
    },
    FILLED_MAX_MS,
  ).catch(() => FILLED_MAX_MS);
}

function residentMib(pid: number): number {
  return (sampleTree(pid)?.residentBytes ?? 0) / BYTES_PER_MIB;
}
