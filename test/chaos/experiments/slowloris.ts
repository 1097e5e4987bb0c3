import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { percentile, rounded, Verdict } from '../verdict.js';
import { compareLatency } from './healthy-latency.js';

const SECRET = 'sk-patient-0123456789';
const PER_SECOND = 40;
const OPENED_AT_ONCE = 100;
const DRIP_MS = 1_000;
const CLOSED_MAX_MS = 16_000;
/** Where they come from: an address of its own on loopback. */
const THEIR_ADDRESS = '127.0.0.2';

/** Connections by the thousand send the head of a request a byte a second. */
export async function slowloris({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const connections = isQuick ? 400 : 2_000;
  const verdict = new Verdict('slowloris');
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: null, postgres: false },
    config: {
      keys: [{ id: 'healthy', key: SECRET }],
      log: { level: 'warn' },
      timeouts: { client_headers_s: isQuick ? 3 : 10 },
    },
  });
  const dripping = new Set<Socket>();
  const livedMs: number[] = [];
  const drip = setInterval(() => {
    for (const socket of dripping) if (socket.writable) socket.write('x');
  }, DRIP_MS);
  try {
    const { gateway } = deployment;
    const traffic = new SteadyTraffic(PER_SECOND, (number) => ({
      ...{ url: gateway.url, secret: SECRET, tag: `healthy-${number}`, model: MODELS.quick },
    }));
    await pause(isQuick ? 3_000 : 10_000);
    const startMs = Date.now();
    for (let opened = 0; opened < connections; opened += OPENED_AT_ONCE) {
      for (let count = 0; count < OPENED_AT_ONCE; count += 1) dripping.add(slow(gateway.url, (ms) => livedMs.push(ms)));
      await pause(20);
    }
    await until('all are closed', () => livedMs.length >= connections, 2 * CLOSED_MAX_MS).catch(() => undefined);
    compareLatency(verdict, await traffic.stop(), startMs);
    verdict.figure('connections', connections);
    verdict.same('closed', livedMs.length, connections);
    verdict.figure('lived_ms', { median: rounded(percentile(livedMs, 0.5)), longest: rounded(Math.max(...livedMs)) });
    verdict.expect('some lived too long', Math.max(...livedMs) <= CLOSED_MAX_MS);
  } finally {
    clearInterval(drip);
    for (const socket of dripping) socket.destroy();
    await deployment.remove();
  }
  return [verdict];
}

function slow(url: string, closed: (livedMs: number) => void): Socket {
  const startMs = performance.now();
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), localAddress: THEIR_ADDRESS });
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  socket.on('close', () => closed(performance.now() - startMs));
  socket.write('POST /v1/messages HTTP/1.1\r\nhost: gateway\r\nx-patience: ');
  return socket;
}
