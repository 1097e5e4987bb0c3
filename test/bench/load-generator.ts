/** The load generator, a process of its own: takes tasks from the bench, one at a time, and answers with what it counted. */
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection.ts';
import type { ClosedLoop, ClosedLoopResult, LoadResult, LoadTask, OpenLoop, OpenLoopResult } from './load-protocol.ts';
import { sampleTree } from './process-tree.ts';

/** A system that only refuses is stopped here instead of being asked for the whole window. */
const ERRORS_MAX = 1_000;
/** After an error the connection rests, so that a dead system does not turn into a busy loop. */
const REST_AFTER_ERROR_MS = 20;
const OPEN_LOOP_CONNECTIONS_MAX = 256;

async function runClosedLoop(task: ClosedLoop): Promise<ClosedLoopResult> {
  const request = Buffer.from(task.request, 'base64');
  let running = true;
  let answers = 0;
  let errors = 0;
  const connections = Array.from(
    { length: task.connections },
    () =>
      new Connection(task.port, request, (connection, ok) => {
        if (ok) answers++;
        else errors++;
        if (!running || errors > ERRORS_MAX) return;
        if (ok) {
          connection.send();
        } else {
          connection.close();
          setTimeout(() => {
            if (running) connection.send();
          }, REST_AFTER_ERROR_MS);
        }
      }),
  );
  const countEvents = (): number => connections.reduce((sum, { reader }) => sum + reader.events, 0);

  for (const connection of connections) connection.send();
  await pause(task.warmUpMs);
  const before = { answers, errors, events: countEvents(), at: performance.now(), tree: sample(task.systemPid) };
  await pause(task.windowMs);
  const tree = sample(task.systemPid);
  const result: ClosedLoopResult = {
    kind: 'closed',
    seconds: (performance.now() - before.at) / 1000,
    answers: answers - before.answers,
    events: countEvents() - before.events,
    errors: errors - before.errors,
    cpuSeconds: tree === null || before.tree === null ? null : tree.cpuSeconds - before.tree.cpuSeconds,
    residentBytes: tree?.residentBytes ?? null,
  };
  running = false;
  for (const connection of connections) connection.close();
  return result;
}

function sample(pid: number | null): ReturnType<typeof sampleTree> {
  return pid === null ? null : sampleTree(pid);
}

async function runOpenLoop(task: OpenLoop): Promise<OpenLoopResult> {
  const request = Buffer.from(task.request, 'base64');
  const latenciesMs: number[] = [];
  const dueAt = new Map<Connection, number>();
  const idle: Connection[] = [];
  const all: Connection[] = [];
  let errors = 0;
  const start = performance.now();
  const countFrom = start + task.warmUpMs;

  const onAnswer = (connection: Connection, ok: boolean): void => {
    const due = dueAt.get(connection) ?? 0;
    if (!ok) errors++;
    else if (due >= countFrom) latenciesMs.push(performance.now() - due);
    if (ok) idle.push(connection);
  };
  const sendDue = (due: number): void => {
    let connection = idle.pop();
    if (connection === undefined && all.length < OPEN_LOOP_CONNECTIONS_MAX) {
      connection = new Connection(task.port, request, onAnswer);
      all.push(connection);
    }
    if (connection === undefined) {
      errors++;
      return;
    }
    dueAt.set(connection, due);
    connection.send();
  };

  const intervalMs = 1000 / task.ratePerSecond;
  const total = Math.round((task.warmUpMs + task.windowMs) / intervalMs);
  for (let sent = 0; sent < total && errors <= ERRORS_MAX; sent++) {
    const due = start + sent * intervalMs;
    const waitMs = due - performance.now();
    if (waitMs > 0) await pause(waitMs);
    // A timer fires up to a millisecond late, which is the generator's lateness and not the system's.
    sendDue(Math.max(due, performance.now()));
  }
  await pause(Math.min(500, task.windowMs));
  for (const connection of all) connection.close();

  latenciesMs.sort((a, b) => a - b);
  const percentile = (share: number): number => latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? Number.NaN;
  return { kind: 'open', answers: latenciesMs.length, errors, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}

process.on('message', (task: LoadTask) => {
  const run: Promise<LoadResult> = task.kind === 'closed' ? runClosedLoop(task) : runOpenLoop(task);
  run.then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`load generator: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => {
  process.exit(0);
});
