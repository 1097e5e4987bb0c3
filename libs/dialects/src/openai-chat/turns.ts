import type { Block, Message, TextBlock, ToolResultBlock } from '@switchyard/conversation';

/** Claude Code's header in the first system block: it changes with every session, and other models obey it. */
const BILLING_HEADER = 'x-anthropic-billing-header:';

/** System blocks without what is meant for Anthropic alone. */
export function foreignSystem(system: readonly TextBlock[]): readonly TextBlock[] {
  return system.filter((block) => block.text !== '' && !block.text.startsWith(BILLING_HEADER));
}

/**
 * User turns in a row, of which one answers tool calls, as one turn: the results of a turn belong together, and clients
 * split them over several messages.
 */
export function joinResultTurns(messages: readonly Message[]): readonly Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role === 'user' && message.role === 'user' && (hasResult(last) || hasResult(message))) {
      joined[joined.length - 1] = { ...last, content: [...last.content, ...message.content] };
    } else {
      joined.push(message);
    }
  }
  return joined;
}

function hasResult(message: Message): boolean {
  return message.content.some(isResult);
}

export function isResult(block: Block): block is ToolResultBlock {
  return block.type === 'tool-result';
}

/**
 * Instructions in mid-conversation as text of the neighbouring user turn, for hosts whose templates take a system message
 * only at the start (vllm-project/vllm#41114).
 */
export function foldInstructions(messages: readonly Message[]): readonly Message[] {
  const folded: Message[] = [];
  let waiting: Block[] = [];
  for (const message of messages) {
    if (message.role === 'system') {
      const reminder = asReminder(message);
      const last = folded.at(-1);
      if (last?.role === 'user') folded[folded.length - 1] = { ...last, content: [...last.content, reminder] };
      else waiting.push(reminder);
    } else if (message.role === 'user' && waiting.length > 0) {
      folded.push({ ...message, content: [...message.content, ...waiting] });
      waiting = [];
    } else {
      if (waiting.length > 0) folded.push({ role: 'user', content: waiting });
      waiting = [];
      folded.push(message);
    }
  }
  if (waiting.length > 0) folded.push({ role: 'user', content: waiting });
  return folded;
}

function asReminder(message: Message): Block {
  const text = message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n\n');
  return { type: 'text', text: `<system-reminder>\n${text}\n</system-reminder>` };
}
