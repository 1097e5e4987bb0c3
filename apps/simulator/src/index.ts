/** The simulator as a library: an upstream that speaks every provider dialect and can misbehave on command. */
export type { ProviderFault, RunningSimulator, SimulatorOptions } from './options.js';
export type { RecordedRequest } from './recorder.js';
export { startSimulator } from './server.js';
