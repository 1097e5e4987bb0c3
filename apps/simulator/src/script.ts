import type { Ask, AskedTool } from './ask.js';
import type { Answer, Part } from './answer.js';
import { tokensOfPart } from './answer.js';
import type { Dice } from './dice.js';
import { sampleOf } from './schema-sample.js';
import type { Signer } from './signature.js';
import { firstTokens, tokensIn } from './tokenizer.js';

const NOTICE = "This is Switchyard's built-in simulator, not a real model. ";
const MAX_WORDS = 20_000;
const MAX_QUOTED_CHARACTERS = 400;

const SENTENCES = [
  'A switchyard sorts wagons onto the tracks that lead where they are bound.',
  'Every track has its price, its speed and its rules, and the signalman knows them all.',
  'When one line is blocked, the next train simply leaves from another platform.',
  'The timetable is written down, so anyone can ask why a train took the route it took.',
  'Freight that must not be seen by others travels in sealed carriages – always.',
  'The night shift counts the wagons again, and the sums agree to the last one.',
  'Old hands say that a quiet yard is a well-run yard; the café next door agrees.',
  'Points are thrown once, checked twice, and never while a train is upon them.',
] as const;

const THOUGHTS = [
  'The question is plain enough. I weigh what was asked against what I know, then answer it briefly.',
  'First I read the request again. Then I choose the shortest answer that is still complete.',
  'There are two ways to go about this. The simpler one will do, so I take it.',
] as const;

export interface ScriptMaterial {
  readonly dice: Dice;
  readonly signer: Signer;
  /** Say in every text that the answer is simulated. */
  readonly notice: boolean;
  /** The identifier prefix of a tool call in the dialect: `toolu_01` or `call_`. */
  readonly toolIdPrefix: string;
}

export type Written = Pick<Answer, 'parts' | 'stopReason' | 'stopSequence'>;

/** Decides what is answered. The same ask and dice give the same answer. */
export function writeAnswer(ask: Ask, material: ScriptMaterial): Written {
  const calls = toolCalls(ask, material);
  const text = calls.length > 0 ? (material.notice ? NOTICE.trim() : '') : proseOrJson(ask, material);
  const stopped = cutAtStopSequence(text, ask.stopSequences);
  const parts: Part[] = [...thinking(ask, material)];
  if (stopped.text !== '') {
    const cited = ask.source === null || calls.length > 0 ? {} : { source: ask.source };
    parts.push({ type: 'text', text: stopped.text, ...cited });
  }
  if (stopped.sequence !== null) {
    return withinTokens({ parts, stopReason: 'stop-sequence', stopSequence: stopped.sequence }, ask.maxTokens);
  }
  parts.push(...calls);
  const stopReason = calls.length > 0 ? 'tool-use' : 'end';
  return withinTokens({ parts, stopReason, stopSequence: null }, ask.maxTokens);
}

/** As many of the simulator's sentences as make `words` words. */
export function filler(words: number): string {
  const vocabulary = SENTENCES.join(' ').split(' ');
  return Array.from({ length: words }, (_, index) => vocabulary[index % vocabulary.length]).join(' ');
}

function thinking(ask: Ask, { dice, signer }: ScriptMaterial): readonly Part[] {
  if (ask.thinking === 'off') return [];
  const text = dice.pick(THOUGHTS);
  const shown = ask.thinking === 'shown';
  const parts: Part[] = [{ type: 'thinking', text, shown, signature: signer.sign(text) }];
  if (/\bredacted\b/i.test(ask.prompt)) {
    parts.push({ type: 'redacted-thinking', data: signer.sign(`redacted ${dice.letters(24)}`) });
  }
  return parts;
}

function toolCalls(ask: Ask, { dice, toolIdPrefix }: ScriptMaterial): readonly Part[] {
  if (ask.toolChoice === 'none' || ask.toolResults.length > 0) return [];
  return chosenTools(ask).map((tool) => ({
    type: 'tool-call',
    id: `${toolIdPrefix}${dice.letters(22)}`,
    name: tool.name,
    kind: tool.kind,
    arguments:
      tool.kind === 'custom' ? 'simulated input' : JSON.stringify(sampleOf({ type: 'object', ...tool.schema })),
  }));
}

function chosenTools(ask: Ask): readonly AskedTool[] {
  const choice = ask.toolChoice;
  const candidates = typeof choice === 'object' ? ask.tools.filter((tool) => tool.name === choice.name) : ask.tools;
  const [first, second] = candidates;
  if (first === undefined) return [];
  const parallel = ask.parallelTools && /\bparallel\b/i.test(ask.prompt);
  return parallel ? [first, second ?? first] : [first];
}

function proseOrJson(ask: Ask, material: ScriptMaterial): string {
  if (ask.outputSchema !== null && ask.toolResults.length === 0) {
    const anyObject = Object.keys(ask.outputSchema).length === 0;
    return JSON.stringify(anyObject ? { answer: 'simulated', items: 1 } : sampleOf(ask.outputSchema));
  }
  return `${material.notice ? NOTICE : ''}${prose(ask, material.dice)}`;
}

function prose(ask: Ask, dice: Dice): string {
  const [, asked] = /\b(\d{1,5}) words\b/.exec(ask.prompt) ?? [];
  if (asked !== undefined) return filler(Math.min(Number(asked), MAX_WORDS));
  const seen = [
    ...(ask.images > 0 ? [`I see ${ask.images} ${ask.images === 1 ? 'image' : 'images'}.`] : []),
    ...(ask.documents > 0 ? [`I read ${ask.documents} ${ask.documents === 1 ? 'document' : 'documents'}.`] : []),
    ...ask.toolResults.map((result) => `The tool answered: ${quotable(result)}`),
  ];
  const first = dice.integer(SENTENCES.length);
  const told = [0, 3, 5].map((step) => SENTENCES[(first + step) % SENTENCES.length]);
  return [...seen, ...told].join(' ');
}

function quotable(text: string): string {
  return firstTokens(text, MAX_QUOTED_CHARACTERS / 4);
}

function cutAtStopSequence(text: string, sequences: readonly string[]): { text: string; sequence: string | null } {
  const hits = sequences
    .map((sequence) => ({ sequence, at: text.indexOf(sequence) }))
    .filter((hit) => hit.sequence !== '' && hit.at >= 0)
    .sort((one, other) => one.at - other.at);
  const [first] = hits;
  return first === undefined ? { text, sequence: null } : { text: text.slice(0, first.at), sequence: first.sequence };
}

/** Cuts the answer where the token limit falls, inside of a text or of a tool's arguments if need be. */
function withinTokens(written: Written, maxTokens: number | null): Written {
  if (maxTokens === null) return written;
  let left = maxTokens;
  const parts: Part[] = [];
  for (const part of written.parts) {
    const tokens = tokensOfPart(part);
    if (tokens <= left) {
      parts.push(part);
      left -= tokens;
      continue;
    }
    const rest = cutPart(part, left);
    if (rest !== null) parts.push(rest);
    return { parts, stopReason: 'max-tokens', stopSequence: null };
  }
  return written;
}

function cutPart(part: Part, tokens: number): Part | null {
  if (tokens <= 0 || part.type === 'redacted-thinking') return null;
  // A signature vouches for the whole thought, so a thought is never cut: it overruns by a few tokens.
  if (part.type === 'thinking') return part;
  if (part.type === 'text') return { ...part, text: firstTokens(part.text, tokens) };
  const argumentTokens = tokens - tokensIn(part.name);
  return argumentTokens <= 0 ? null : { ...part, arguments: firstTokens(part.arguments, argumentTokens) };
}
