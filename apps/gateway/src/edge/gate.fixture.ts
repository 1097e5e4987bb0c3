import { FailureThrottle } from '@switchyard/identity';
import { Metrics } from '@switchyard/telemetry';
import { overloadSettings } from '../config/resilience-settings.js';
import { OverloadSection } from '../config/resilience-sections.js';
import { Overload } from '../overload/overload.js';
import { ProcessLog } from '../process/process-log.js';
import { AuthFailures } from './auth-failures.js';
import { Gate } from './gate.js';
import { Strangers } from './strangers.js';

/** A gate that nobody is turned away from for how often or how many they are. */
export function openGate(): Gate {
  const metrics = new Metrics();
  const settings = overloadSettings(new OverloadSection());
  const calm = { loopDelayMs: 0, worstLoopDelayMs: 0, heapShare: 0 };
  const overload = new Overload({
    settings: () => settings,
    signs: { read: () => calm, stop: () => undefined },
    isServing: () => true,
    metrics,
    logger: new ProcessLog('silent', 'test').logger,
    random: () => 0,
  });
  const throttle = new FailureThrottle({ perMinute: 10_000 });
  return new Gate(new AuthFailures(throttle, { metrics }), new Strangers(() => 10_000), overload);
}
