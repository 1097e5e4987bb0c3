/** Wire formats, pure. */
export type * from './deviations.js';
export type * from './dialect.js';
export * from './sse/frame.js';
