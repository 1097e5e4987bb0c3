import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@switchyard/contract';
import { sampleTree } from '../../bench/process-tree.js';
import { Deployment, MODELS, PROVIDER_SECRET } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { startReplayUpstream } from '../replay-upstream.js';
import { RawLoad } from '../raw-load.js';
import type { PhaseResult } from '../raw-load.js';
import { percentile, rounded, Verdict } from '../verdict.js';

const SECRET = 'sk-overload-0123456789';
const REPLAY = 'acme/replay';
/** Of a conversation that is translated from one protocol into the other, within what a refused request may leave unread. */
const MESSAGES = 700;
const BYTES_PER_MIB = 1024 * 1024;
const FACTORS = [1, 2, 5, 10];
const AFTERWARDS = 0.5;
/** What is promised at this many times the capacity. */
const PROMISED_AT = 5;
const GOODPUT_MIN = 0.9;
const LATENCY_MAX = 2;
const SHED_MAX_MS = 50;
const GROWTH_MAX_MIB = 150;
/** Shared machines are late by this much for reasons of their own. */
const NOISE_MS = 20;
const RECOVERY_MS = 5_000;

interface OverloadPlan {
  readonly name: string;
  readonly model: string;
  /** A long conversation, which is work for the gateway and for nobody else. */
  readonly isLong: boolean;
  readonly maxInFlight: number;
  /** Requests kept under way to find out what can be served. */
  readonly connections: number;
  readonly phaseMs: number;
}

/**
 * A gateway is offered up to ten times what it can do, and then half of it: where a cap on requests under way is what binds, and
 * where the processor is.
 */
export async function overload({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const phaseMs = isQuick ? 1_000 : 8_000;
  const slots = { name: 'overload of slots', model: MODELS.late, isLong: false, maxInFlight: 20, connections: 20 };
  const processor = {
    name: 'overload of the processor',
    model: REPLAY,
    isLong: true,
    maxInFlight: 2_000,
    connections: 8,
  };
  const verdicts: Verdict[] = [];
  const replay = await startReplayUpstream();
  for (const plan of [slots, processor]) {
    const deployment = await Deployment.start({
      ...{ program, gateways: 1, workers: 1, redis: null, postgres: false },
      config: (upstreamUrl) => ({
        keys: [{ id: 'crowd', key: SECRET }],
        log: { level: 'warn' },
        overload: { max_in_flight: plan.maxInFlight, max_strangers_per_address: 10_000 },
        providers: [provider('host', `${upstreamUrl}/host/v1`), provider('replay', replay.url)],
        models: [model(MODELS.late, 'host', 'mock/ttft:200'), model(REPLAY, 'replay', 'replay')],
      }),
    });
    try {
      verdicts.push(await overloadOf(deployment, { ...plan, phaseMs }));
    } finally {
      await deployment.remove();
    }
  }
  replay.close();
  return verdicts;
}

function provider(id: string, baseUrl: string): JsonObject {
  const credentials = [{ id: 'main', api_key: PROVIDER_SECRET }];
  return { id, dialect: 'openai-chat', base_url: baseUrl, credentials };
}

function model(id: string, host: string, upstreamModel: string): JsonObject {
  const price = { prompt: 0.137, completion: 0.913 };
  const limits = { context_length: 128_000, max_output_tokens: 8_192 };
  return { id, ...limits, endpoints: [{ provider: host, upstream_model: upstreamModel, price }] };
}

async function overloadOf(deployment: Deployment, plan: OverloadPlan): Promise<Verdict> {
  const verdict = new Verdict(plan.name);
  const { gateway } = deployment;
  const load = new RawLoad(Number(new URL(gateway.url).port), requestOf(plan));
  keepApart(deployment);
  try {
    await load.saturate(plan.connections, 1_000);
    const peak = await load.saturate(plan.connections, plan.phaseMs);
    const capacity = peak.servedMs.length / peak.seconds;
    const baseMs = percentile(peak.servedMs, 0.99);
    verdict.figure('capacity_per_second', rounded(capacity));
    verdict.figure('base_p99_ms', rounded(baseMs));
    const before = residentMib(gateway.pid);
    const phases: Record<string, object> = {};
    for (const factor of FACTORS) {
      const result = await load.phase(capacity * factor, plan.phaseMs);
      phases[`${factor}x`] = figuresOf(result, capacity);
      if (factor === PROMISED_AT) judge(verdict, result, capacity, baseMs);
    }
    const growth = residentMib(gateway.pid) - before;
    await pause(RECOVERY_MS - plan.phaseMs > 0 ? RECOVERY_MS - plan.phaseMs : 0);
    const afterwards = await load.phase(capacity * AFTERWARDS, plan.phaseMs);
    phases[`${AFTERWARDS}x`] = figuresOf(afterwards, capacity);
    verdict.figure('phases', phases);
    verdict.figure('resident_growth_mib', rounded(growth));
    verdict.expect('memory grew', growth <= GROWTH_MAX_MIB);
    verdict.expect('it does not recover', afterwards.shedMs.length <= 0.02 * afterwards.offered);
    const health = await fetch(`${gateway.url}/healthz`);
    verdict.same('health', health.status, 200);
  } finally {
    load.close();
  }
  return verdict;
}

function judge(verdict: Verdict, result: PhaseResult, capacity: number, baseMs: number): void {
  const goodput = result.servedMs.length / result.seconds / capacity;
  verdict.expect(`goodput fell to ${rounded(goodput, 2)} of the peak`, goodput >= GOODPUT_MIN);
  verdict.expect('those let in wait too long', percentile(result.servedMs, 0.99) <= LATENCY_MAX * baseMs + NOISE_MS);
  verdict.expect('those refused wait too long', percentile(result.shedMs, 0.99) <= SHED_MAX_MS + NOISE_MS);
  verdict.expect('some were neither served nor refused', result.failed <= 0.001 * result.offered);
}

function figuresOf({ seconds, offered, unsent, servedMs, shedMs, failed }: PhaseResult, capacity: number): object {
  return {
    offered: rounded(offered / seconds / capacity, 1),
    goodput: rounded(servedMs.length / seconds / capacity, 2),
    p99_ms: rounded(percentile(servedMs, 0.99)),
    shed: shedMs.length,
    shed_p99_ms: rounded(percentile(shedMs, 0.99)),
    ...(unsent > 0 && { unsent }),
    ...(failed > 0 && { failed }),
  };
}

function requestOf({ model, isLong }: OverloadPlan): Buffer {
  const turn = (number: number): JsonObject => ({
    role: number % 2 === 0 ? 'user' : 'assistant',
    content: `What was said in turn ${number}.`,
  });
  const messages = Array.from({ length: isLong ? MESSAGES + 1 : 1 }, (_, number) => turn(number));
  const body = JSON.stringify({ model, max_tokens: 100, messages });
  return Buffer.from(
    `POST ${isLong ? '/v1/messages' : '/v1/chat/completions'} HTTP/1.1\r\nhost: gateway\r\n` +
      `authorization: Bearer ${SECRET}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Gives the worker a processor of its own, where there are two: what is measured is the gateway and not its load. */
function keepApart({ gateway }: Deployment): void {
  if (availableParallelism() < 2) return;
  for (const [pids, processor] of [
    [gateway.workerPids(), '0'],
    [[process.pid], '1'],
  ] as const) {
    for (const pid of pids) {
      try {
        execFileSync('taskset', ['-a', '-c', '-p', processor, String(pid)], { stdio: 'ignore' });
      } catch {
        // Where processes cannot be pinned they share.
      }
    }
  }
}

function residentMib(pid: number): number {
  return (sampleTree(pid)?.residentBytes ?? 0) / BYTES_PER_MIB;
}
