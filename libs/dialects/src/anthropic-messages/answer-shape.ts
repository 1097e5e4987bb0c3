import { parseToolArguments } from '@switchyard/conversation';
import type { Block } from '@switchyard/conversation';
import type { AnswerOrigin } from '../dialect.js';

/** Takes back, in a whole answer, what writing the request had to change. */
export function restoreBlock(block: Block, origin: AnswerOrigin): Block {
  if (block.type === 'text')
    return origin.shape?.stripFences === true ? { ...block, text: stripFences(block.text) } : block;
  if (block.type !== 'tool-call') return block;
  if (block.name === origin.shape?.jsonTool) return { type: 'text', text: block.arguments };
  const name = originalName(block.name, origin);
  if (!isCustomTool(block.name, origin)) return { ...block, name };
  return { ...block, name, kind: 'custom', arguments: freeFormText(block.arguments) };
}

export function originalName(name: string, origin: AnswerOrigin): string {
  return origin.renamed.get(name) ?? name;
}

export function isCustomTool(name: string, origin: AnswerOrigin): boolean {
  return origin.shape?.customTools?.includes(name) === true;
}

/** The text of a free-form tool call out of the `{input: string}` it was sent as. */
export function freeFormText(argumentsJson: string): string {
  const input = parseToolArguments(argumentsJson);
  const text = input['input'];
  return typeof text === 'string' ? text : argumentsJson;
}

const OPENING = /^\s*```[\w-]*[ \t]*\r?\n/;
/** What a closing fence and the white space around it consist of. */
const CLOSING_CHARACTERS = ' \t\r\n`';

/** JSON without the Markdown fence that models like to put around it; text without such a fence as it is. */
export function stripFences(text: string): string {
  const opening = OPENING.exec(text);
  return opening ? withoutClosing(text.slice(opening[0].length)) : text;
}

function withoutClosing(text: string): string {
  const fenceEnd = skipBack(text, text.length, ' \t\r\n');
  if (!text.slice(0, fenceEnd).endsWith('```')) return text;
  let end = skipBack(text, fenceEnd - 3, ' \t');
  if (text[end - 1] === '\n') end -= 1;
  if (text[end - 1] === '\r') end -= 1;
  return text.slice(0, end);
}

/** The least index from which on, up to `end`, the text has only these characters. A loop: a pattern would be quadratic. */
function skipBack(text: string, end: number, characters: string): number {
  let start = end;
  while (start > 0 && characters.includes(text.charAt(start - 1))) start -= 1;
  return start;
}

/**
 * The same over a stream: holds back only what may still turn out to be a fence. Chunks joined = `stripFences` of the
 * whole text.
 */
export class FenceStripper {
  private held = '';
  private state: 'start' | 'fenced' | 'plain' = 'start';

  push(text: string): string {
    if (this.state === 'plain') return text;
    this.held += text;
    if (this.state === 'start' && !this.leaveStart()) return '';
    return this.state === 'fenced' ? this.takeBeforeClosing() : this.takeAll();
  }

  end(): string {
    return this.state === 'fenced' ? withoutClosing(this.takeAll()) : this.takeAll();
  }

  /** True once it is known whether the text begins with a fence. */
  private leaveStart(): boolean {
    const opening = OPENING.exec(this.held);
    if (opening) {
      this.held = this.held.slice(opening[0].length);
      this.state = 'fenced';
      return true;
    }
    if (/^\s*(?:`{0,2}|```[\w-]*[ \t]*\r?)$/.test(this.held)) return false;
    this.state = 'plain';
    return true;
  }

  private takeBeforeClosing(): string {
    const keepFrom = skipBack(this.held, this.held.length, CLOSING_CHARACTERS);
    const ready = this.held.slice(0, keepFrom);
    this.held = this.held.slice(keepFrom);
    return ready;
  }

  private takeAll(): string {
    const text = this.held;
    this.held = '';
    return text;
  }
}
