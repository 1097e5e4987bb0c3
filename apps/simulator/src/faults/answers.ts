import type { Answer, Part } from '../answer.js';
import { filler } from '../script.js';
import type { Fault } from './fault.js';

const CHARACTERS_PER_MEGABYTE = 1024 * 1024;
const BIG_PIECE_CHARACTERS = 4096;
const WORD_CHARACTERS = 5;

/** Good answers at another pace, and answers whose content is the fault. */
export const answerFaults = {
  ok: (scene) => scene.play(),
  ok_slow: async (scene, argument) => {
    if (await scene.exchange.sleep(argument.number(0, 1000))) await scene.play();
  },
  ttft: (scene, argument) => scene.play(undefined, { ...scene.pace, timeToFirstTokenMs: argument.number(0, 1000) }),
  tps: (scene, argument) => scene.play(undefined, { ...scene.pace, tokensPerSecond: argument.number(0, 10) }),
  big: (scene, argument) => {
    const text = fillerOf(argument.number(0, 1) * CHARACTERS_PER_MEGABYTE);
    return scene.play({ ...withText(scene.answer(), text), pieceCharacters: BIG_PIECE_CHARACTERS });
  },
  overrun_max_tokens: (scene, argument) => {
    const tokens = argument.number(0, 2 * (scene.ask.maxTokens ?? 0) + 600);
    return scene.play({ ...withText(scene.answer(), fillerOf(tokens * 4)), stopReason: 'end' });
  },
  refusal: (scene) => scene.play({ ...scene.answer(), parts: [], stopReason: 'refusal', stopSequence: null }),
  /** Begins and ends well, with nothing in between. */
  empty_stream: (scene) => scene.play({ ...scene.answer(), parts: [], stopReason: 'end', stopSequence: null }),
  /** Arguments one character at a time, with escapes inside of words. */
  tool_args_split: (scene) => {
    const answer = scene.answer();
    return scene.play({ ...answer, parts: answer.parts.map((part) => escaped(part)), pieceCharacters: 1 });
  },
} satisfies Record<string, Fault>;

/** The answer with this text in place of all it says. */
export function withText(answer: Answer, text: string): Answer {
  return { ...answer, parts: [{ type: 'text', text }] };
}

function fillerOf(characters: number): string {
  const words = filler(Math.ceil(Math.min(characters, CHARACTERS_PER_MEGABYTE) / WORD_CHARACTERS));
  return words.repeat(Math.ceil(characters / words.length)).slice(0, characters);
}

function escaped(part: Part): Part {
  if (part.type !== 'tool-call' || part.kind === 'custom') return part;
  return { ...part, arguments: part.arguments.replaceAll('simulated', String.raw`simul\u0061ted`) };
}
