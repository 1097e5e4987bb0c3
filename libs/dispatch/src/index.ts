/** Walks a plan: attempts, commit points, fallback, endpoint health. */
export type { AccountAsk, AccountGate } from './account-gate.js';
export type { ClientSink } from './client-sink.js';
export { Dispatch } from './dispatch.js';
export type { DispatchRequest, DispatchTools } from './dispatch-request.js';
export { HealthTracker } from './health/health-tracker.js';
export type { Outcome } from './outcome.js';
