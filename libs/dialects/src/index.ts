/** Wire formats, pure. */
export type * from './deviations.js';
export type * from './dialect.js';
export { readConverseUsage } from './bedrock-converse/read-usage.js';
export { GeminiUsageReader } from './gemini/read-usage.js';
export { openaiChat } from './openai-chat/index.js';
export { readResponsesUsage } from './openai-responses/read-usage.js';
export { dialectOf } from './registry.js';
export * from './json/decode-body.js';
export * from './json/scan-object.js';
export * from './json/splice-object.js';
export * from './relay/answer-relay.js';
export * from './relay/decode-request.js';
export * from './relay/request-relay.js';
export * from './relay/stream-relay.js';
export * from './sse/frame.js';
export * from './sse/scanner.js';
