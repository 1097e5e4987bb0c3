import { GatewayError } from '@switchyard/contract';
import type { HealthView, Plan } from '@switchyard/contract';
import type { PlanningInput } from '../control/planning.js';
import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import type { Loaded } from '../control/runtime-state.js';
import { Planner } from '../stops/planner.js';
import { StickySessions } from '../stops/sticky-sessions.js';
import type { ConfigFault, ConfigNotice } from './config-error.js';
import { pathText } from './config-path.js';
import { pointAtSimulator } from './load-config.js';
import type { GoldenRequest } from './resilience-settings.js';

/** Nothing is in disorder: what is judged is the configuration, not the moment. */
const NOTHING_SEEN: HealthView = { epoch: 0, of: () => null };
const REASONS_SHOWN_MAX = 5;
/** Plans made to find out whether keys reach any model: a bound on what a reload takes. */
const PLANS_MAX = 5_000;
/** The simulator's address is not known yet, and does not matter: nothing is sent. */
const ANY_SIMULATOR = 'http://127.0.0.1:9';

export interface DryRun {
  readonly faults: readonly ConfigFault[];
  readonly notices: readonly ConfigNotice[];
}

/** Plans the golden requests of a configuration as requests are planned. Those of keys that nobody can look up at the moment are left out, with a notice. */
export function dryRun(loaded: Loaded): DryRun {
  const planner = plannerOf(loaded);
  const faults: ConfigFault[] = [];
  const notices: ConfigNotice[] = [];
  for (const [index, golden] of loaded.config.goldenRequests.entries()) {
    const path = pathText(['golden_requests', index]);
    const isUnknown = !loaded.keyRing.has(golden.keyId);
    if (isUnknown && !loaded.identity.isComplete) {
      const message = `"${golden.name}" was not checked: the key "${golden.keyId}" is not in the file, and the database was not read`;
      notices.push({ path, message });
      continue;
    }
    const fault = faultOf(golden, loaded, planner);
    if (fault !== null) faults.push({ path, line: null, ...fault });
  }
  return { faults, notices };
}

/** A notice for every key of the file that reaches no model, though it did before. `before`: `null` = there was nothing. */
export function strandedKeys(before: Loaded | null, after: Loaded): readonly ConfigNotice[] {
  const reachedBefore = before === null ? () => true : reach(before);
  const reachesNow = reach(after);
  return after.config.keys.flatMap(({ keyId }, index) => {
    if (reachesNow(keyId) || !reachedBefore(keyId)) return [];
    return [
      { path: pathText(['keys', index]), message: `the key "${keyId}" reaches no model: its requests will fail` },
    ];
  });
}

function plannerOf(loaded: Loaded): Planner {
  const { config, identity } = loaded;
  const judged = config.simulated ? loadedFrom(pointAtSimulator(config, ANY_SIMULATOR), identity) : loaded;
  return new Planner(new RuntimeState(judged), NOTHING_SEEN, new StickySessions());
}

function faultOf(
  golden: GoldenRequest,
  loaded: Loaded,
  planner: Planner,
): Pick<ConfigFault, 'value' | 'expected'> | null {
  const { name, keyId, protocol, body, endpoint } = golden;
  const caller = loaded.keyRing.callerOf(keyId);
  if (caller === null) return { value: `"${name}" of the key "${keyId}"`, expected: 'a key that may be used' };
  let plan: Plan;
  try {
    ({ plan } = planner.planFor({ caller, protocol, body, sessionIdHeader: null }));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { value: `"${name}", which is refused: ${error.message}`, expected: 'a request that can be served' };
  }
  if (plan.attempts.length === 0) {
    return { value: `"${name}" with nowhere to go${reasonsOf(plan)}`, expected: 'at least one endpoint that takes it' };
  }
  const tags = plan.attempts.map((attempt) => attempt.endpoint.tag);
  if (endpoint === null || tags.includes(endpoint)) return null;
  return {
    value: `"${name}" with the endpoints ${tags.join(', ')}${reasonsOf(plan)}`,
    expected: `${endpoint} among them`,
  };
}

function reasonsOf({ rejected }: Plan): string {
  if (rejected.length === 0) return '';
  const shown = rejected.slice(0, REASONS_SHOWN_MAX).map(({ model, endpoint, reasons }) => {
    return `${model} at ${endpoint}: ${reasons.map(({ code }) => code).join(', ')}`;
  });
  const more = rejected.length - shown.length;
  return ` (${shown.join('; ')}${more > 0 ? `; and ${String(more)} more` : ''})`;
}

function hasAttempts(planner: Planner, input: PlanningInput): boolean {
  try {
    return planner.planFor(input).plan.attempts.length > 0;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

/** Whether a key reaches any model; true as well once too much was looked at. Keys with the same rules are looked at once. */
function reach(loaded: Loaded): (keyId: string) => boolean {
  const planner = plannerOf(loaded);
  const known = new Map<string, boolean>();
  let plans = 0;
  const reaches = (keyId: string): boolean => {
    const caller = loaded.keyRing.callerOf(keyId);
    // One that expired is not missed.
    if (caller === null) return true;
    return loaded.config.catalog.models.some(({ id }) => {
      plans += 1;
      if (plans > PLANS_MAX) return true;
      const body = { model: id, messages: [{ role: 'user', content: 'Hello' }] };
      return hasAttempts(planner, { caller, protocol: 'chat', body, sessionIdHeader: null });
    });
  };
  return (keyId) => {
    const caller = loaded.keyRing.callerOf(keyId);
    const rules = JSON.stringify([caller?.tenantPolicy, caller?.keyPolicy, caller === null]);
    const answer = known.get(rules) ?? reaches(keyId);
    known.set(rules, answer);
    return answer;
  };
}
