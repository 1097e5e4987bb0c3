import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ClosedLoop, ClosedLoopResult, LoadResult, LoadTask, OpenLoop, OpenLoopResult } from './load-protocol.ts';
import type { BenchOptions } from './bench-options.ts';
import { requestFor } from './systems.ts';
import type { System, SystemName } from './systems.ts';
import type { AnswerKind, BodySize } from './workload.ts';

/** One system at one kind of work. */
export interface Case {
  readonly system: System;
  readonly kind: AnswerKind;
  readonly size: BodySize;
}

/** One round's figures of one case; what does not apply is null. */
export interface Measurement {
  readonly system: SystemName;
  readonly kind: AnswerKind;
  readonly size: BodySize;
  readonly round: number;
  readonly answersPerSecond: number;
  readonly eventsPerSecond: number;
  readonly cpuMicrosecondsPerAnswer: number | null;
  readonly cpuMicrosecondsPerEvent: number | null;
  readonly residentMegabytes: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly errors: number;
}

const CONNECTIONS: Readonly<Record<AnswerKind, number>> = { json: 32, burst: 32, stream: 32, paced: 50 };

/** Far below what the slowest system can do, so that nothing waits in a queue. */
const LATENCY_RATE_PER_SECOND = 100;

const TASK_GRACE_MS = 20_000;

/** Asks the load generator for one task and waits for the result, within a bound. */
async function perform(generator: ChildProcess, task: LoadTask): Promise<LoadResult> {
  const signal = AbortSignal.timeout(task.warmUpMs + task.windowMs + TASK_GRACE_MS);
  const answer = once(generator, 'message', { signal }) as Promise<[LoadResult]>;
  generator.send(task);
  const [result] = await answer;
  return result;
}

function closedLoop({ system, kind, size }: Case, warmUpMs: number, windowMs: number): ClosedLoop {
  return {
    kind: 'closed',
    port: system.port,
    request: requestFor(system, size, kind).toString('base64'),
    connections: CONNECTIONS[kind],
    warmUpMs,
    windowMs,
    systemPid: system.pid,
  };
}

const REHEARSAL_STEP_MS = 500;

/** Loads the system without measuring it, until it has answered often or long enough. A stream counts as 20 answers. */
export async function rehearse(generator: ChildProcess, bench: Case, options: BenchOptions): Promise<void> {
  const weight = bench.kind === 'json' ? 1 : 20;
  let answers = 0;
  for (let ms = 0; ms < options.rehearsalMaxMs && answers < options.rehearsalAnswers; ms += REHEARSAL_STEP_MS) {
    const result = (await perform(generator, closedLoop(bench, 0, REHEARSAL_STEP_MS))) as ClosedLoopResult;
    answers += result.answers * weight;
  }
}

export async function measure(
  generator: ChildProcess,
  bench: Case,
  round: number,
  options: BenchOptions,
): Promise<Measurement> {
  const load = closedLoop(bench, options.warmUpMs, options.windowMs);
  const throughput = (await perform(generator, load)) as ClosedLoopResult;
  const latency = bench.kind === 'json' ? await measureLatency(generator, load, options) : null;
  const { answers, events, seconds, cpuSeconds, residentBytes } = throughput;
  if (!isRunning(bench.system)) throw new Error(`${bench.system.name} ended while it was measured (${bench.kind}).`);
  const perUnit = (count: number): number | null =>
    cpuSeconds === null || count === 0 ? null : (cpuSeconds * 1e6) / count;
  return {
    system: bench.system.name,
    kind: bench.kind,
    size: bench.size,
    round,
    answersPerSecond: answers / seconds,
    eventsPerSecond: events / seconds,
    cpuMicrosecondsPerAnswer: bench.kind === 'json' ? perUnit(answers) : null,
    cpuMicrosecondsPerEvent: bench.kind === 'json' ? null : perUnit(events),
    residentMegabytes: residentBytes === null ? null : residentBytes / 1e6,
    p50Ms: latency?.p50Ms ?? null,
    p99Ms: latency?.p99Ms ?? null,
    errors: throughput.errors + (latency?.errors ?? 0),
  };
}

function isRunning({ pid }: System): boolean {
  try {
    return pid === null || process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function measureLatency(
  generator: ChildProcess,
  { port, request, warmUpMs }: ClosedLoop,
  { latencyWindowMs }: BenchOptions,
): Promise<OpenLoopResult> {
  const task: OpenLoop = {
    kind: 'open',
    port,
    request,
    ratePerSecond: LATENCY_RATE_PER_SECOND,
    warmUpMs,
    windowMs: latencyWindowMs,
  };
  return (await perform(generator, task)) as OpenLoopResult;
}
