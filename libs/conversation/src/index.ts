/** The protocol-neutral conversation: what every dialect reads and writes. */
export * from './answer.js';
export * from './blocks.js';
export * from './conversation.js';
export * from './fold.js';
