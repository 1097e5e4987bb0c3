import type { JsonObject } from '@switchyard/contract';
import type { StopReason } from '@switchyard/conversation';
import { textOf } from './fields.js';

/**
 * Words that end an answer, beyond OpenAI's five: Mistral's `model_length`, Anthropic's and TGI's words that some hosts
 * pass on. `error` and DeepSeek's `insufficient_system_resource` are failures, not ends; the readers throw on them.
 */
const STOP_REASONS: Readonly<Record<string, StopReason>> = {
  stop: 'end',
  eos: 'end',
  eos_token: 'end',
  end_turn: 'end',
  complete: 'end',
  length: 'max-tokens',
  max_tokens: 'max-tokens',
  model_length: 'context-window',
  stop_sequence: 'stop-sequence',
  tool_calls: 'tool-use',
  function_call: 'tool-use',
  tool_use: 'tool-use',
  content_filter: 'content-filter',
  refusal: 'refusal',
};

/** A choice's finish reason; some hosts write "null" while there is none. */
export function finishReasonIn(choice: JsonObject): string | undefined {
  const reason = textOf(choice['finish_reason']);
  return reason === 'null' ? undefined : reason;
}

export interface AnswerShape {
  readonly hasToolCalls: boolean;
  readonly hasRefusal: boolean;
  /** vLLM's `choices[].stop_reason`: the stop sequence that matched. */
  readonly stopSequence: string | undefined;
}

/**
 * The neutral stop reason. Many hosts finish a tool call with `stop`, some finish text with `tool_calls`: what the answer
 * holds decides, except that a cut answer (`length`) stays cut, so that nobody runs half a tool call.
 */
export function readFinishReason(finishReason: string | null, shape: AnswerShape): StopReason {
  const reason = finishReason === null ? 'end' : (STOP_REASONS[finishReason.toLowerCase()] ?? 'end');
  if (shape.hasRefusal && reason !== 'max-tokens' && reason !== 'context-window') return 'refusal';
  if (reason === 'tool-use') return shape.hasToolCalls ? 'tool-use' : 'end';
  if (reason === 'end' && shape.hasToolCalls) return 'tool-use';
  if (reason === 'end' && shape.stopSequence !== undefined) return 'stop-sequence';
  return reason;
}

/** OpenAI's word for a stop reason. A paused turn has none; `stop` lets the client send the next turn. */
export function writeFinishReason(stopReason: StopReason, hasToolCalls: boolean): string {
  switch (stopReason) {
    case 'max-tokens':
    case 'context-window':
      return 'length';
    case 'tool-use':
      return hasToolCalls ? 'tool_calls' : 'stop';
    case 'refusal':
    case 'content-filter':
      return 'content_filter';
    case 'end':
    case 'stop-sequence':
    case 'pause':
      return 'stop';
  }
}
