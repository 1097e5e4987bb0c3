/** Connections to upstreams and the timers around them. Knows bytes, not models. */
export { AddressGuard } from './address-guard.js';
export type { JudgedUrl } from './address-guard.js';
export { isPrivateHost } from './private-hosts.js';
export { TimerWheel } from './timer-wheel.js';
export type { TimerHandle, TimerWheelOptions, WheelClock } from './timer-wheel.js';
export { Transport } from './transport.js';
export type { TransportOptions } from './transport.js';
export type { UpstreamCall, UpstreamHandler, UpstreamHeaders, UpstreamRequest } from './upstream.js';
