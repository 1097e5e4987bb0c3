import type { MaintenanceContext } from '../maintenance/context.js';
import type { JobReport } from '../maintenance/event.js';
import { dueProbes } from './due-probes.js';
import type { DueProbe } from './due-probes.js';
import type { Probing } from './probing.js';

const AT_ONCE_MAX = 8;

/** Probes what is due. What becomes of it is told like any outcome; a probe that fails is no failure of the job. */
export async function runProbes({ probes }: MaintenanceContext, signal: AbortSignal): Promise<JobReport> {
  const counts = { passed: 0, failed: 0 };
  if (probes === null) return counts;
  const waiting = [...dueProbes(probes)];
  const work = async (): Promise<void> => {
    for (let due = waiting.shift(); due !== undefined && !signal.aborted; due = waiting.shift()) {
      const result = await runProbe(due, probes);
      if (result === null) continue;
      counts[result] += 1;
      probes.onResult(due.ask.mode, result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, work));
  return counts;
}

/** `null` = another process has done it within the interval. */
async function runProbe({ name, ask, endpoints }: DueProbe, probes: Probing): Promise<'passed' | 'failed' | null> {
  if (!(await probes.claim(name, probes.settings.intervalMs))) return null;
  const failure = await probes.probe(ask);
  const { id } = ask.credential;
  for (const endpoint of endpoints) {
    if (failure === null) probes.health.recordAnsweredProbe(endpoint, id);
    else probes.health.recordFailure(endpoint, id, failure);
  }
  return failure === null ? 'passed' : 'failed';
}
