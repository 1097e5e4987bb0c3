import type { JsonObject } from '@switchyard/contract';
import type { RequestNotes } from './request-notes.js';
import type { Draft, Turn } from './write-turns.js';

/** Anthropic: "A maximum of 4 blocks with cache_control may be provided." */
const MOST_MARKERS = 4;

/**
 * Keeps the number of cache markers within Anthropic's limit. The oldest ones of the messages go first: those before
 * them mark the tools and the system prompt, which every later request shares.
 */
export function limitCacheMarkers(
  parts: { readonly tools: readonly Draft[]; readonly system: readonly Draft[]; readonly turns: readonly Turn[] },
  autoCache: JsonObject | undefined,
  notes: RequestNotes,
): void {
  const inMessages = parts.turns.flatMap((turn) => turn.content.flatMap(markedBlocks));
  const before = [...parts.tools, ...parts.system].flatMap(markedBlocks);
  const surplus = inMessages.length + before.length + (autoCache ? 1 : 0) - MOST_MARKERS;
  for (const block of [...inMessages, ...before].slice(0, Math.max(0, surplus))) {
    delete block['cache_control'];
    notes.drop('cache_control');
  }
}

/** The block itself and those inside a tool result, in the order they are read. Opaque blocks are not looked into. */
function markedBlocks(block: Draft): Draft[] {
  const nested =
    block['type'] === 'tool_result' && Array.isArray(block['content']) ? (block['content'] as Draft[]) : [];
  const marked = nested.flatMap(markedBlocks);
  return block['cache_control'] === undefined ? marked : [...marked, block];
}
