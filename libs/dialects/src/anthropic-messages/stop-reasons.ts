import type { StopReason } from '@switchyard/conversation';

const READ = new Map<string, StopReason>([
  ['end_turn', 'end'],
  ['max_tokens', 'max-tokens'],
  ['stop_sequence', 'stop-sequence'],
  ['tool_use', 'tool-use'],
  ['pause_turn', 'pause'],
  ['refusal', 'refusal'],
  ['model_context_window_exceeded', 'context-window'],
]);

const WRITTEN: Readonly<Record<StopReason, string>> = {
  end: 'end_turn',
  'max-tokens': 'max_tokens',
  'stop-sequence': 'stop_sequence',
  'tool-use': 'tool_use',
  pause: 'pause_turn',
  refusal: 'refusal',
  'context-window': 'model_context_window_exceeded',
  'content-filter': 'refusal',
};

/** A reason this library has no word for ended the answer all the same. */
export function readStopReason(text: string): StopReason {
  return READ.get(text) ?? 'end';
}

export function writeStopReason(reason: StopReason): string {
  return WRITTEN[reason];
}

/**
 * The reason that fits the content. Agents go by it alone, and hosts get it wrong: a finished tool call reported as the
 * end of the turn stops the agent, a tool call that never came makes it wait. A cut answer stays cut, because a
 * truncated call must not be run.
 */
export function settleStopReason(
  reason: StopReason,
  content: { hasToolCall: boolean; hasRefusal: boolean },
): StopReason {
  if (content.hasRefusal && reason === 'end') return 'refusal';
  if (content.hasToolCall && reason === 'end') return 'tool-use';
  if (!content.hasToolCall && reason === 'tool-use') return 'end';
  return reason;
}
