import type { JsonObject } from '@switchyard/contract';
import { memberSpans } from './member-edits.js';
import { objectOf, objectsOf, textOf } from './fields.js';

/**
 * The shape that most chunks of a stream share: everything but one string (`content`, reasoning, tool arguments) is the
 * same from chunk to chunk, save OpenAI's random `obfuscation`. A chunk that fits a learned template byte for byte is
 * valid JSON, carries a delta and nothing else, and can be renamed without parsing it.
 */
export class DeltaTemplate {
  private constructor(
    private readonly head: Segment,
    private readonly tail: Segment,
    /** What follows the value of `obfuscation`; null when the chunks have none. */
    private readonly rest: Segment | null,
  ) {}

  /** The template of a parsed chunk; null when more than a bare delta is in it. `model`: the JSON text to put in place of the model's. */
  static learn(text: string, chunk: JsonObject, model: string): DeltaTemplate | null {
    const key = bareDeltaKey(chunk);
    if (key === null || /[\r\n]/.test(text)) return null;
    const start = valueStart(text, key);
    const end = start < 0 ? -1 : stringBodyEnd(text, start);
    if (end < 0) return null;
    const span = memberSpans(text, MODEL).get('model');
    const segment = (from: number, to: number): Segment => {
      const raw = text.slice(from, to);
      if (span === undefined || span.start < from || span.end > to) return { raw, renamed: raw };
      return { raw, renamed: text.slice(from, span.start) + model + text.slice(span.end, to) };
    };
    const random = text.indexOf(OBFUSCATION, end);
    if (random < 0) return new DeltaTemplate(segment(0, start), segment(end, text.length), null);
    const randomStart = random + OBFUSCATION.length;
    const randomEnd = stringBodyEnd(text, randomStart);
    if (randomEnd < 0) return null;
    return new DeltaTemplate(segment(0, start), segment(end, randomStart), segment(randomEnd, text.length));
  }

  /** The renamed chunk and the length of its delta, or null when the text does not fit. */
  match(text: string): { readonly text: string; readonly length: number } | null {
    const { head, tail, rest } = this;
    if (!text.startsWith(head.raw)) return null;
    const start = head.raw.length;
    const end = stringBodyEnd(text, start);
    if (end < 0 || !text.startsWith(tail.raw, end)) return null;
    const body = text.slice(start, end);
    const tailEnd = end + tail.raw.length;
    let renamed = head.renamed + body + tail.renamed;
    if (rest === null) {
      if (tailEnd !== text.length) return null;
    } else {
      const randomEnd = stringBodyEnd(text, tailEnd);
      if (randomEnd < 0 || text.length - randomEnd !== rest.raw.length || !text.endsWith(rest.raw)) return null;
      renamed += text.slice(tailEnd, randomEnd) + rest.renamed;
    }
    return { text: renamed, length: body.includes('\\') ? (JSON.parse(`"${body}"`) as string).length : body.length };
  }
}

/** A stretch of text, as received and with the model renamed. */
interface Segment {
  readonly raw: string;
  readonly renamed: string;
}

const MODEL: ReadonlySet<string> = new Set(['model']);
const OBFUSCATION = '"obfuscation":"';
const TEXT_KEYS = ['content', 'reasoning_content', 'reasoning'] as const;
// eslint-disable-next-line no-control-regex -- JSON strings may not hold control characters
const STRING_BODY = /[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*/y;

/** The end of a JSON string's body that begins at `start`, before its closing quote; -1 when it is not one. */
function stringBodyEnd(text: string, start: number): number {
  STRING_BODY.lastIndex = start;
  STRING_BODY.test(text);
  const end = STRING_BODY.lastIndex;
  return text.charCodeAt(end) === 0x22 ? end : -1;
}

/** Where the one string value of a key begins; -1 when the key stands more than once or with a space after the colon. */
function valueStart(text: string, key: string): number {
  const needle = `"${key}":"`;
  const at = text.indexOf(needle);
  return at >= 0 && at === text.lastIndexOf(needle) ? at + needle.length : -1;
}

/** The key of the only string in a chunk that is nothing but a delta, else null. */
function bareDeltaKey(chunk: JsonObject): string | null {
  const choices = objectsOf(chunk['choices']);
  const [choice] = choices;
  if (choice === undefined || choices.length > 1) return null;
  const more = [choice['finish_reason'], choice['stop_reason'], chunk['usage'], chunk['x_groq']];
  if (more.some((value) => value !== undefined && value !== null)) return null;
  const delta = objectOf(choice['delta']);
  if (delta === undefined) return null;
  const filled = Object.entries(delta).filter(([, value]) => value !== null);
  const [only] = filled;
  if (only === undefined || filled.length > 1) return null;
  if (only[0] === 'tool_calls') return bareArguments(only[1]) ? 'arguments' : null;
  return TEXT_KEYS.some((key) => key === only[0]) && textOf(only[1]) !== undefined ? only[0] : null;
}

/** True for one tool delta with an index and arguments alone. */
function bareArguments(value: JsonObject[string]): boolean {
  const calls = objectsOf(value);
  const [call] = calls;
  if (call === undefined || calls.length > 1) return false;
  const body = objectOf(call['function']);
  return (
    Object.keys(call).every((key) => key === 'index' || key === 'function') &&
    body !== undefined &&
    Object.keys(body).length === 1 &&
    textOf(body['arguments']) !== undefined
  );
}
