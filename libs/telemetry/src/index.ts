/** What Switchyard says of itself: logs now, every line in one place. */
export { createLogger } from './logger.js';
export type { LogLevel, Logger, ProcessLogger } from './logger.js';
export { costOfLine, roundedMs, tokensOfLine } from './request-line.js';
export type { RequestLine } from './request-line.js';
export { METRICS_CONTENT_TYPE, Metrics } from './metrics.js';
export type { MetricsDelta } from './metrics.js';
