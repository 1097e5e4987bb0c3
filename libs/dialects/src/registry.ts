import type { DialectId } from '@switchyard/contract';
import { anthropicMessages } from './anthropic-messages/index.js';
import type { Dialect } from './dialect.js';
import { openaiChat } from './openai-chat/index.js';

const DIALECTS: Readonly<Record<DialectId, Dialect>> = {
  'anthropic-messages': anthropicMessages,
  'openai-chat': openaiChat,
};

/** The dialect of an id; total, because the ids are closed. */
export function dialectOf(id: DialectId): Dialect {
  return DIALECTS[id];
}
