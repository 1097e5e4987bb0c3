import type { JsonObject } from '@switchyard/contract';
import type { Block, Conversation, Message, TextBlock, ToolCallBlock, ToolResultBlock } from '@switchyard/conversation';
import type { RequestTarget } from '../dialect.js';
import { ANTHROPIC_ORIGIN } from '../signature.js';
import { defined, textOf } from './fields.js';
import type { Losses } from './losses.js';
import type { ReplayTarget } from './reasoning-details.js';
import { replayReasoningDetail } from './reasoning-details.js';
import type { Renaming } from './renaming.js';
import { foldInstructions, foreignSystem, isResult, joinResultTurns } from './turns.js';
import { contentOf, PartWriter, textPart } from './write-parts.js';

const PARAGRAPH = '\n\n';
const NO_RESULT = '[no result]';
const NO_OUTPUT = '(no output)';
/** Takes the place of a prefill where the host would start a new answer. */
const CONTINUE = 'Continue your last message exactly where it stopped, without repeating any of it.';

/** The `messages` of a request. `appendix`: further instructions for the end of the system message. */
export function writeMessages(
  conversation: Conversation,
  target: RequestTarget,
  renaming: Renaming,
  losses: Losses,
  appendix: string | undefined,
): readonly JsonObject[] {
  return new MessageWriter(target, renaming, losses, conversation).write(appendix);
}

class MessageWriter {
  private readonly parts: PartWriter;
  private readonly systemRole: 'system' | 'developer';
  private readonly written: JsonObject[] = [];
  /** Calls of the last assistant message that no result has answered yet. */
  private readonly unanswered = new Set<string>();

  constructor(
    private readonly target: RequestTarget,
    private readonly renaming: Renaming,
    private readonly losses: Losses,
    private readonly conversation: Conversation,
  ) {
    const { deviations, model } = target;
    this.parts = new PartWriter(deviations, losses);
    this.systemRole = deviations.systemRole ?? (model.traits.developerRole === true ? 'developer' : 'system');
  }

  write(appendix: string | undefined): readonly JsonObject[] {
    const { deviations, model } = this.target;
    const system = foreignSystem(this.conversation.system);
    this.instructions(appendix === undefined ? system : [...system, { type: 'text', text: appendix }]);
    const folds = deviations.midSystem === 'fold' || model.traits.midSystem === false;
    const turns = joinResultTurns(folds ? foldInstructions(this.messages()) : this.messages());
    for (const message of turns) this.message(message);
    this.answerTheUnanswered();
    if (turns.at(-1)?.role === 'assistant') this.markPrefill();
    return this.written;
  }

  /** Anthropic's automatic cache marker stands for one on the last block that can be cached. */
  private messages(): readonly Message[] {
    const { autoCache, messages } = this.conversation;
    const last = messages.at(-1);
    const block = last?.content.at(-1);
    if (autoCache === undefined) return messages;
    if (last === undefined || block?.type !== 'text') {
      this.losses.add('cache_control');
      return messages;
    }
    const marked: Block = { ...block, cacheControl: block.cacheControl ?? autoCache };
    return [...messages.slice(0, -1), { ...last, content: [...last.content.slice(0, -1), marked] }];
  }

  private message(message: Message): void {
    switch (message.role) {
      case 'system':
        this.answerTheUnanswered();
        this.instructions(message.content.filter((block) => block.type === 'text'));
        return;
      case 'user':
        this.user(message);
        return;
      case 'assistant':
        this.answerTheUnanswered();
        this.assistant(message);
    }
  }

  private instructions(blocks: readonly TextBlock[]): void {
    const content = contentOf(this.parts.parts(blocks), PARAGRAPH);
    if (content !== undefined) this.written.push({ role: this.systemRole, content });
  }

  /** Results first, each a message of its own; then one user message with their images and what else was said. */
  private user(message: Message): void {
    const results = message.content.filter(isResult);
    for (const result of results) this.result(result);
    this.answerTheUnanswered();
    const media = results.flatMap((result) => this.resultMedia(result));
    const said = this.parts.parts(message.content.filter((block) => !isResult(block)));
    const content = contentOf([...media, ...said], PARAGRAPH);
    if (content === undefined || this.mergesIntoResult(content)) return;
    this.written.push({ role: 'user', content, ...this.nameOf(message) });
  }

  private nameOf(message: Message): JsonObject {
    if (message.name === undefined) return {};
    if (this.target.deviations.rejects?.includes('messages[].name') !== true) return { name: message.name };
    this.losses.add('messages.name');
    return {};
  }

  private result(result: ToolResultBlock): void {
    if (!this.unanswered.delete(result.callId)) {
      // A result without its call is an error to every host.
      this.losses.add('tool_result.orphan');
      return;
    }
    const text = this.parts.texts(result.content).join('\n');
    const hasMedia = result.content.some((block) => block.type === 'image' || block.type === 'audio');
    const shown = text === '' ? (hasMedia ? '[see the next message]' : NO_OUTPUT) : text;
    this.written.push({
      role: 'tool',
      tool_call_id: this.renaming.id(result.callId),
      content: result.isError ? `Error: ${shown}` : shown,
    });
  }

  /** Tool messages are text only, so media follows in the user's name (BerriAI/litellm#25476). */
  private resultMedia(result: ToolResultBlock): readonly JsonObject[] {
    const media = result.content.filter((block) => block.type === 'image' || block.type === 'audio');
    if (media.length === 0) return [];
    return [...textPart(`Image from tool result ${this.renaming.id(result.callId)}`), ...this.parts.parts(media)];
  }

  /** Hosts that want an assistant turn after tool messages get the user's words at the end of the last result. */
  private mergesIntoResult(content: string | readonly JsonObject[]): boolean {
    const last = this.written.at(-1);
    const merges = this.target.deviations.userAfterTool === 'merge';
    if (!merges || last?.['role'] !== 'tool' || typeof content !== 'string') return false;
    this.written[this.written.length - 1] = {
      ...last,
      content: `${textOf(last['content']) ?? ''}${PARAGRAPH}${content}`,
    };
    return true;
  }

  private answerTheUnanswered(): void {
    for (const id of this.unanswered) {
      this.written.push({ role: 'tool', tool_call_id: this.renaming.id(id), content: NO_RESULT });
    }
    this.unanswered.clear();
  }

  private assistant(message: Message): void {
    const calls = message.content.filter((block) => block.type === 'tool-call');
    const refusals = message.content.flatMap((block) => (block.type === 'refusal' ? [block.text] : []));
    const content = contentOf(this.parts.parts(message.content.filter(isSpoken)), '');
    const reasoning = this.reasoning(message.content);
    if (content === undefined && calls.length === 0 && refusals.length === 0) return;
    for (const call of calls) this.unanswered.add(call.id);
    this.written.push({
      role: 'assistant',
      content: content ?? null,
      ...this.nameOf(message),
      ...reasoning,
      ...(refusals.length > 0 && { refusal: refusals.join('') }),
      ...(calls.length > 0 && { tool_calls: calls.map((call) => this.call(call)) }),
    });
  }

  private call(call: ToolCallBlock): JsonObject {
    const id = this.renaming.id(call.id);
    const name = this.renaming.name(call.name);
    if (call.kind === 'custom') return { id, type: 'custom', custom: { name, input: call.arguments } };
    return {
      id,
      type: 'function',
      function: { name, arguments: call.arguments.trim() === '' ? '{}' : call.arguments },
    };
  }

  /** Earlier reasoning in the host's own field, never as visible text. What another model signed stays away. */
  private reasoning(content: readonly Block[]): JsonObject {
    const { deviations } = this.target;
    const blocks = content.filter((block) => block.type === 'thinking' || block.type === 'redacted-thinking');
    switch (deviations.reasoningInput ?? 'drop') {
      case 'drop':
        for (const block of blocks) this.losses.add(block.type === 'thinking' ? 'thinking' : 'redacted_thinking');
        return {};
      case 'reasoning_content':
        return this.reasoningContent(blocks);
      case 'reasoning_details':
        return this.reasoningDetails(blocks);
    }
  }

  private reasoningContent(blocks: readonly Block[]): JsonObject {
    const { deviations } = this.target;
    const { origins } = this.replayTarget();
    const texts = blocks.flatMap((block) => {
      if (block.type !== 'thinking') {
        this.losses.add('redacted_thinking');
        return [];
      }
      if (block.signature === undefined || origins.has(block.signature.origin)) return [block.text];
      this.losses.add('thinking');
      return [];
    });
    if (texts.length > 0) return { reasoning_content: texts.join('') };
    return deviations.reasoningInputRequired === true && this.usesTools() ? { reasoning_content: '' } : {};
  }

  private reasoningDetails(blocks: readonly Block[]): JsonObject {
    const target = this.replayTarget();
    const details = blocks.flatMap((block, index) => {
      if (block.type !== 'thinking' && block.type !== 'redacted-thinking') return [];
      const detail = replayReasoningDetail(block, index, target);
      if (detail === undefined) this.losses.add(block.type === 'thinking' ? 'thinking' : 'redacted_thinking');
      return detail === undefined ? [] : [detail];
    });
    return defined({ reasoning_details: details.length > 0 ? details : undefined });
  }

  private replayTarget(): ReplayTarget {
    const { deviations, origin, model } = this.target;
    // Reasoning without a proof is tagged with the profile's name, proofs with the name that the profile gives them.
    const origins = new Set([deviations.signatureOrigin ?? origin, origin]);
    return { origins, takesAnthropic: origins.has(ANTHROPIC_ORIGIN) || model.id.startsWith('anthropic/') };
  }

  private usesTools(): boolean {
    const { tools, messages } = this.conversation;
    return tools.length > 0 || messages.some((message) => message.content.some((block) => block.type === 'tool-call'));
  }

  /** A trailing assistant message is the start of the answer to Anthropic; hosts mark that differently or not at all. */
  private markPrefill(): void {
    const last = this.written.at(-1);
    if (last?.['role'] !== 'assistant' || last['tool_calls'] !== undefined) return;
    const form = this.target.model.traits.prefill === false ? 'none' : (this.target.deviations.prefill ?? 'plain');
    if (form === 'prefix' || form === 'partial') this.written[this.written.length - 1] = { ...last, [form]: true };
    if (form !== 'none') return;
    this.losses.add('prefill');
    this.written.push({ role: 'user', content: CONTINUE });
  }
}

/** What an assistant message says in its content; the rest has members of its own. */
function isSpoken(block: Block): boolean {
  switch (block.type) {
    case 'thinking':
    case 'redacted-thinking':
    case 'tool-call':
    case 'refusal':
      return false;
    default:
      return true;
  }
}
