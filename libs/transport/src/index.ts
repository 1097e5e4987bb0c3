/** Connections to upstreams and the timers around them. Knows bytes, not models. */
export { TimerWheel } from './timer-wheel.js';
export type { TimerHandle, TimerWheelOptions, WheelClock } from './timer-wheel.js';
export { Transport } from './transport.js';
export type { TransportOptions } from './transport.js';
export type { UpstreamCall, UpstreamHandler, UpstreamHeaders, UpstreamRequest } from './upstream.js';
