import { setTimeout as pause } from 'node:timers/promises';
import type { System } from './systems.ts';
import type { AnswerKind } from './workload.ts';

const START_MAX_MS = 30_000;
const ANSWER_MAX_MS = 5_000;

/** What a complete answer contains in either protocol. */
const PROOFS: Readonly<Record<'json' | 'stream', RegExp>> = {
  json: /"choices":|"type":"message"/,
  stream: /\[DONE\]|message_stop/,
};

async function ask(system: System, kind: 'json' | 'stream'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${String(system.port)}${system.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...system.headers },
    body: system.body('small', kind satisfies AnswerKind),
    signal: AbortSignal.timeout(ANSWER_MAX_MS),
  });
  const text = await response.text();
  if (response.status === 200 && PROOFS[kind].test(text)) return '';
  return `status ${String(response.status)}: ${text.slice(0, 300)}`;
}

/**
 * Waits until the system answers as it should, as JSON and as a stream, so that no figure comes from refusals.
 *
 * @returns null when it does, else what it did instead
 */
export async function whatIsWrong(system: System): Promise<string | null> {
  const deadline = performance.now() + START_MAX_MS;
  for (;;) {
    const fault = await ask(system, 'json').catch(String);
    if (fault === '') break;
    if (performance.now() > deadline) return fault;
    await pause(200);
  }
  const fault = await ask(system, 'stream').catch(String);
  return fault === '' ? null : fault;
}
