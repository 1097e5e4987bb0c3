/**
 * The upstream of the experiments: the simulator in a process of its own, so that it outlives what is killed around it and
 * can say what reached it. Told what to do by its parent over the process channel; see `upstream-link.ts`.
 */
import { startSimulator } from '../../apps/simulator/src/index.js';
import type { RecordedRequest } from '../../apps/simulator/src/index.js';
import { tagIn } from './sightings.js';
import type { Sighting, UpstreamFaults, UpstreamMessage, UpstreamQuestion } from './sightings.js';

/** As long as a timer can wait: the simulator's record is watched for as long as this process lives. */
const FOR_EVER_MS = 2 ** 31 - 1;

const sightings = new Map<string, Sighting>();
const inFlight = new Set<string>();
let mostInFlight = 0;

function note({ id, provider, bodyText, startedMs, finishedMs, abortedMs, tokensWritten }: RecordedRequest): void {
  if (bodyText === '') return;
  const known = sightings.get(id);
  const endedMs = finishedMs ?? abortedMs;
  if (known === undefined || endedMs !== null) {
    const tag = known?.tag ?? tagIn(bodyText);
    sightings.set(id, {
      tag,
      provider: provider ?? '',
      startedMs,
      endedMs,
      isAborted: abortedMs !== null,
      tokens: tokensWritten,
    });
  }
  if (endedMs === null) inFlight.add(id);
  else inFlight.delete(id);
  mostInFlight = Math.max(mostInFlight, inFlight.size);
}

function tell(message: UpstreamMessage): void {
  process.send?.(message);
}

const simulator = await startSimulator();
void simulator.waitFor((request) => {
  note(request);
  return false;
}, FOR_EVER_MS);

process.on('message', (message: UpstreamQuestion | UpstreamFaults) => {
  if ('faults' in message) {
    simulator.setFaults(message.provider, message.faults);
    return;
  }
  const { number, ask } = message;
  tell({ number, report: { sightings: [...sightings.values()], mostInFlight } });
  if (ask === 'look') return;
  for (const [id, { endedMs }] of sightings) if (endedMs !== null) sightings.delete(id);
  mostInFlight = inFlight.size;
});
process.on('disconnect', () => process.exit(0));
tell({ url: simulator.url });
