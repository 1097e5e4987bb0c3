/** Walks a plan: attempts, commit points, fallback, endpoint health. */
export type { AccountAsk, AccountGate } from './account-gate.js';
export type { ClientSink } from './client-sink.js';
export { Dispatch } from './dispatch.js';
export { Drains } from './drains.js';
export { Hedges } from './hedges.js';
export { RetryBudgets } from './retry-budgets.js';
export type { DispatchCounters, DispatchRequest, DispatchTools } from './dispatch-request.js';
export type { EndpointHistory } from './health/endpoint-record.js';
export { isEmptyDelta, readDelta, writeDelta } from './health/health-delta.js';
export type { HealthDelta } from './health/health-delta.js';
export { HealthTracker } from './health/health-tracker.js';
export { probe } from './health/probe.js';
export type { ProbeAsk, ProbeTools } from './health/probe.js';
export type { HealthEvent } from './health/health-tracker.js';
export type { Outcome } from './outcome.js';
